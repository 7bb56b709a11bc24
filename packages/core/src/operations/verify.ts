import { type CatalogRecord, updateRecords } from '../catalog/index.ts'
import type { CheckLevel, CheckReport, Context } from '../contract/index.ts'
import { AngeeError, isAngeeError } from '../errors/index.ts'
import type { Stack } from '../stack/index.ts'

/**
 * Checks one stored snapshot and notes in the catalog when a full check found it whole, or any check found it damaged.
 * Damage is in the report, or thrown as SNAPSHOT_CORRUPT where it cannot be told part by part. SNAPSHOT_NOT_FOUND.
 */
export async function verifySnapshot(stack: Stack, id: string, level: CheckLevel, ctx: Context): Promise<CheckReport> {
  if (!stack.backend.check) {
    throw new AngeeError('BACKEND_FAILED', `the ${stack.backend.type} backend has no check of its own`, {
      hint: 'Restore into an empty stack to prove the snapshot.',
    })
  }
  try {
    const report = await stack.backend.check(id, level, ctx)
    const isWhole = report.parts.every(({ ok }) => ok)
    if (!isWhole) await note(stack, id, 'damagedAt', ctx)
    else if (level === 'full') await note(stack, id, 'verifiedAt', ctx)
    return report
  } catch (error) {
    if (isAngeeError(error, 'SNAPSHOT_CORRUPT')) await note(stack, id, 'damagedAt', ctx)
    throw error
  }
}

/** One finding takes the place of the other. */
async function note(
  { store }: Stack,
  id: string,
  finding: 'verifiedAt' | 'damagedAt',
  { clock }: Context,
): Promise<void> {
  const at = new Date(clock.now()).toISOString()
  await updateRecords(store, (all) => all.map((record) => (record.id === id ? found(record, finding, at) : record)))
}

function found(
  { verifiedAt: _, damagedAt: __, ...record }: CatalogRecord,
  finding: 'verifiedAt' | 'damagedAt',
  at: string,
): CatalogRecord {
  return { ...record, [finding]: at }
}
