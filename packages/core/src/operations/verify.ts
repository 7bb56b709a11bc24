import { updateRecords } from '../catalog/index.ts'
import type { CheckLevel, CheckReport, Context } from '../contract/index.ts'
import { AngeeError } from '../errors/index.ts'
import type { Stack } from '../stack/index.ts'

/**
 * Checks one stored snapshot and notes in the catalog when a full check found it whole.
 * Damage is in the report, not thrown. SNAPSHOT_NOT_FOUND.
 */
export async function verifySnapshot(stack: Stack, id: string, level: CheckLevel, ctx: Context): Promise<CheckReport> {
  if (!stack.backend.check) {
    throw new AngeeError('BACKEND_FAILED', `the ${stack.backend.type} backend has no check of its own`, {
      hint: 'Restore into an empty stack to prove the snapshot.',
    })
  }
  const report = await stack.backend.check(id, level, ctx)
  if (level === 'full' && report.parts.every(({ ok }) => ok)) {
    const verifiedAt = new Date(ctx.clock.now()).toISOString()
    await updateRecords(stack.store, (all) =>
      all.map((record) => (record.id === id ? { ...record, verifiedAt } : record)),
    )
  }
  return report
}
