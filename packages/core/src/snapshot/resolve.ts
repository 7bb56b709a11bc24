import { type CatalogRecord, readCatalog, recordOf } from '../catalog/index.ts'
import type { BackupBackend, Context } from '../contract/index.ts'
import { AngeeError } from '../errors/index.ts'
import type { Stack } from '../stack/index.ts'
import { isSnapshotId } from './id.ts'

/** A clock may be this much wrong before a snapshot counts as dated in the future. */
const toleratedSkew = 10 * 60_000
const shortestPrefix = 4

/**
 * The id a person means by an id, a unique prefix of one, a name, or `latest` (the newest complete one that is no
 * safety snapshot and not dated in the future). Asks the catalog first and, when that does not know it, the backend.
 * SNAPSHOT_NOT_FOUND, ID_AMBIGUOUS.
 */
export async function resolveSnapshot(stack: Stack, reference: string, ctx: Context): Promise<string> {
  if (isSnapshotId(reference)) return reference.toUpperCase()
  const { records } = await readCatalog(stack.store)
  const known = matches(records, reference, ctx)
  const found = known.length > 0 ? known : matches(await recordsOfBackend(stack.backend, ctx), reference, ctx)
  return theOnlyOne(found, reference, stack.backend, 'List those there are: angee stack backup ls')
}

/** The same, of the snapshots in another backend than the stack's own. No catalog knows them: it is listed. */
export async function resolveSnapshotIn(backend: BackupBackend, reference: string, ctx: Context): Promise<string> {
  if (isSnapshotId(reference)) return reference.toUpperCase()
  const records = await recordsOfBackend(backend, ctx)
  const newest = records.slice(-5).map(({ id, name }) => (name === undefined ? id : `${id} (${name})`))
  return theOnlyOne(matches(records, reference, ctx), reference, backend, `There are: ${newest.join(', ') || 'none'}.`)
}

function theOnlyOne(
  found: readonly CatalogRecord[],
  reference: string,
  { location }: BackupBackend,
  hint: string,
): string {
  const [first, second] = found
  if (first && !second) return first.id
  if (first) {
    throw new AngeeError(
      'ID_AMBIGUOUS',
      `"${reference}" could be any of ${found
        .map(({ id }) => id)
        .slice(0, 5)
        .join(', ')}`,
      {
        hint: 'Give more letters of the id.',
        context: { reference, matches: found.length },
      },
    )
  }
  throw new AngeeError(
    'SNAPSHOT_NOT_FOUND',
    reference === 'latest'
      ? `there is no complete snapshot yet in ${location}`
      : `there is no snapshot "${reference}" in ${location}`,
    {
      hint,
      context: { reference, location },
    },
  )
}

/** The records of all readable snapshots in a backend, oldest first. */
async function recordsOfBackend(backend: BackupBackend, ctx: Context): Promise<CatalogRecord[]> {
  const records: CatalogRecord[] = []
  for await (const snapshot of backend.list(ctx)) {
    if (!('damaged' in snapshot)) records.push(recordOf(snapshot, backend.location))
  }
  return records.sort((a, b) => (a.id < b.id ? -1 : 1))
}

function matches(records: readonly CatalogRecord[], reference: string, ctx: Context): CatalogRecord[] {
  if (reference === 'latest') {
    const newest = records
      .filter((record) => mayBeLatest(record, ctx))
      .sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1))[0]
    return newest ? [newest] : []
  }
  const named = records.filter(({ name }) => name === reference)
  if (named.length > 0) return named
  if (reference.length < shortestPrefix) return []
  return records.filter(({ id }) => id.startsWith(reference.toUpperCase()))
}

function mayBeLatest({ status, purpose, createdAt }: CatalogRecord, ctx: Context): boolean {
  return status === 'complete' && purpose !== 'safety' && Date.parse(createdAt) <= ctx.clock.now() + toleratedSkew
}
