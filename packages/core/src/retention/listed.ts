import { type CatalogRecord, readCatalog, recordAgain } from '../catalog/index.ts'
import type { BackupBackend, Context, DamagedSnapshot } from '../contract/index.ts'
import { AngeeError, isAngeeError } from '../errors/index.ts'
import { openJournals } from '../journal/index.ts'
import type { Stack } from '../stack/index.ts'

/** What the backend holds, with what only the catalog knows of it. */
export interface Listed {
  records: CatalogRecord[]
  damaged: DamagedSnapshot[]
  /** How many snapshots the catalog knows. */
  known: number
  /** Those of them that the backend no longer holds. */
  missing: string[]
}

/**
 * Lists the backend. A listing that fails throws what the backend threw; RETENTION_STOPPED when it lacks a snapshot that
 * is there, and when the catalog is damaged.
 */
export async function listStack({ store, backend }: Stack, ctx: Context): Promise<Listed> {
  // The catalog first: what another process adds meanwhile is then not taken for missing.
  const known = await knownRecords(store)
  const needed = await neededByRestores(store)
  ctx.onProgress({ type: 'phase', phase: 'list', message: `listing ${backend.location}` })
  const records: CatalogRecord[] = []
  const damaged: DamagedSnapshot[] = []
  for await (const snapshot of backend.list(ctx)) {
    if ('damaged' in snapshot) {
      damaged.push(snapshot)
      continue
    }
    const record = recordAgain(snapshot, backend.location, known.get(snapshot.id))
    records.push(needed.has(record.id) ? { ...record, pinned: true } : record)
  }
  const listed = new Set([...records, ...damaged].map(({ id }) => id))
  const missing = [...known.keys()].filter((id) => !listed.has(id))
  for (const id of missing) await requireGone(backend, id, ctx)
  return { records, damaged, known: known.size, missing }
}

async function knownRecords(store: Stack['store']): Promise<Map<string, CatalogRecord>> {
  const { records, damagedLines } = await readCatalog(store)
  if (damagedLines.length === 0) return new Map(records.map((record) => [record.id, record]))
  throw new AngeeError(
    'RETENTION_STOPPED',
    `the catalog is damaged (line ${damagedLines.join(', ')}), so it is not known which snapshots are pinned or proven`,
    { hint: 'Make it anew from the backend: angee stack backup reindex', context: { damagedLines } },
  )
}

/** The safety snapshots that an unfinished restore returns to. They are as good as pinned. */
async function neededByRestores(store: Stack['store']): Promise<Set<string>> {
  const journals = await openJournals<{ safety?: string | null }>(store)
  return new Set(journals.flatMap(({ entry }) => entry.safety ?? []))
}

/** What a whole listing lacks is not found by its id either. */
async function requireGone(backend: BackupBackend, id: string, ctx: Context): Promise<void> {
  try {
    await backend.stat(id, ctx)
  } catch (error) {
    if (isAngeeError(error, 'SNAPSHOT_NOT_FOUND')) return
    if (!isAngeeError(error, 'SNAPSHOT_CORRUPT') && !isAngeeError(error, 'FORMAT_TOO_NEW')) throw error
  }
  throw new AngeeError('RETENTION_STOPPED', `${backend.location} does not list snapshot ${id}, and holds it`, {
    hint: 'Its listings are incomplete, so nothing was removed. Run the command again later. If it stays so: angee doctor --backend',
    context: { id, location: backend.location },
    retry: 'later',
  })
}
