import { join } from 'node:path'
import { putRecord, readCatalog, recordOf } from '../catalog/index.ts'
import type { Context, SnapshotManifest } from '../contract/index.ts'
import { lockStack } from '../lock/index.ts'
import { newSnapshotId, resolveSnapshot, resolveSnapshotIn } from '../snapshot/index.ts'
import { defaultBackend, type NamedBackend, type Stack } from '../stack/index.ts'
import type { TransferArea } from '../transfer/part.ts'
import { presentIn } from '../transfer/present.ts'
import { refuseInsideScope, refuseOpen, refuseSamePlace } from '../transfer/refuse.ts'
import { transferSnapshot } from '../transfer/transfer.ts'

export interface CopyRequest {
  /** An id, the beginning of one, a name or `latest`, as `from` knows them. */
  snapshot: string
  from: NamedBackend
  to: NamedBackend
  /** Let what lies encrypted in `from` lie open in `to`. */
  plain?: boolean
}

export interface CopyResult {
  /** `present`: the same snapshot was there already. */
  outcome: 'copied' | 'present'
  /** As it lies in `to`. */
  manifest: SnapshotManifest
}

/**
 * Copies a snapshot from one backend of the stack to another, under its id. It is visible there when all of it is, or not
 * at all. Doing it again is no error. USAGE, SNAPSHOT_NOT_FOUND, ID_AMBIGUOUS, OBJECT_EXISTS, SNAPSHOT_CORRUPT.
 */
export async function copySnapshot(stack: Stack, request: CopyRequest, ctx: Context): Promise<CopyResult> {
  const { from, to, plain = false } = request
  await refuseSamePlace(stack, from, to)
  await refuseInsideScope(stack, to)
  return transferring(stack, 'copy', ctx, async (area) => {
    const id = await resolveInNamed(stack, from, request.snapshot, ctx)
    await using reader = await from.backend.reader(id, ctx)
    refuseOpen(from.backend, to.backend, reader.manifest, plain)
    const present = await presentIn(to.backend, reader.manifest, ctx)
    const manifest = present ?? (await transferSnapshot(reader, to.backend, area, ctx))
    await noteInCatalog(stack, to, manifest, ctx)
    return { outcome: present ? 'present' : 'copied', manifest }
  })
}

/** The id that is meant by `reference` in a backend of the stack. SNAPSHOT_NOT_FOUND, ID_AMBIGUOUS. */
export function resolveInNamed(stack: Stack, from: NamedBackend, reference: string, ctx: Context): Promise<string> {
  if (from.name === defaultBackend) return resolveSnapshot(stack, reference, ctx)
  return resolveSnapshotIn(from.backend, reference, ctx)
}

/** Runs `body` under the stack's lock, with a place for trees on their way. What an earlier run left there goes first. */
export async function transferring<Result>(
  stack: Stack,
  operation: string,
  ctx: Context,
  body: (area: TransferArea) => Promise<Result>,
): Promise<Result> {
  const { place, files, trees } = stack
  const id = newSnapshotId(ctx.clock, ctx.random)
  using _lock = await lockStack(place.stateDirectory, { operation, id }, files, ctx.clock)
  const directory = join(place.stateDirectory, 'transfer')
  await trees.remove(directory)
  try {
    return await body({ directory, files, trees })
  } finally {
    await trees.remove(directory)
  }
}

/** The catalog tells of the stack's own backend. What it knows of a snapshot already is left as it is. */
export async function noteInCatalog(
  stack: Stack,
  { name, backend }: NamedBackend,
  manifest: SnapshotManifest,
  ctx: Context,
): Promise<void> {
  if (name !== defaultBackend) return
  const { records } = await readCatalog(stack.store)
  if (records.some(({ id }) => id === manifest.id)) return
  const named = records.find((record) => manifest.name !== undefined && record.name === manifest.name)
  if (named) {
    ctx.onProgress({
      type: 'note',
      message: `${named.id} is named "${named.name}" too: use ${manifest.id} to tell them apart`,
    })
  }
  await putRecord(stack.store, recordOf(manifest, backend.location))
}
