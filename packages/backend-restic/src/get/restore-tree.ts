import { chmodSync, chownSync } from 'node:fs'
import {
  AngeeError,
  type Context,
  type EmptyDirectory,
  isAngeeError,
  type StoredPart,
  type TreeSummary,
  type TreeTools,
} from '@angee/core'
import { setAttribute, setTimes } from '@angee/core/posix'
import { type Ending, failure } from '../program/failure.ts'
import type { Restic } from '../program/restic.ts'
import { lockPatience } from '../put/backup.ts'
import type { Locator, RootMetadata } from '../snapshots/locator.ts'
import { corrupt, ofPart } from './verified.ts'

/** Restores a tree that restic walked, and makes its summary anew: it must be that of the manifest. */
export async function restoreTree(
  restic: Restic,
  trees: TreeTools,
  stored: StoredPart,
  locator: Extract<Locator, { form: 'tree' }>,
  into: EmptyDirectory,
  ctx: Context,
): Promise<void> {
  const { part, tree } = stored
  // Only root gives files away: for anybody else the digest, which owners are part of, cannot be met.
  const foreign = process.geteuid?.() !== 0 && locator.owner !== `${process.geteuid?.()}:${process.getegid?.()}`
  await restore(
    restic,
    stored,
    [`${locator.resticId}:${locator.path}`, '--target', into, ...(foreign ? ['--verify'] : [])],
    ctx,
  )
  setRoot(into, locator.root)
  const { summary } = await trees.summarize(trees.source(into, []), ctx)
  if (tree && summary.digest === tree.digest) return
  if (!tree || !foreign || !sameButOwners(summary, tree))
    throw corrupt(part, 'its tree digest differs from the manifest')
  const message = 'some entries belong to others in the snapshot and to you now: only root can give them back'
  ctx.onProgress({ type: 'warning', warning: { part, kind: 'not-kept', message } })
}

async function restore(
  restic: Restic,
  { part, raw }: StoredPart,
  words: readonly string[],
  ctx: Context,
): Promise<void> {
  const run = (lock: string): Promise<Ending> =>
    restic.watch(
      ['restore', ...words, '--sparse', '--json', lock],
      {
        onMessage: ({ bytes_restored: bytes = 0 }) =>
          ctx.onProgress({ type: 'part', part, state: 'progress', bytes: Number(bytes), totalBytes: raw.bytes }),
      },
      ctx,
    )
  let ending = await run(lockPatience)
  // A repository that cannot be written cannot be pruned meanwhile either, and needs no lock.
  if (ending.exitCode !== 0 && isAngeeError(failure(ending, restic.place), 'BACKEND_READ_ONLY'))
    ending = await run('--no-lock')
  ctx.signal.throwIfAborted()
  if (ending.exitCode === 0) return
  const error = failure(ending, restic.place)
  throw isAngeeError(error, 'BACKEND_UNAVAILABLE') && ending.sayings.errors.length > 0
    ? notWritten(part, error)
    : ofPart(part, error)
}

/** In the order that keeps all of it: see setMetadata of the archive. */
function setRoot(into: string, { mode, uid, gid, mtimeNs, attributes }: RootMetadata): void {
  if (process.geteuid?.() === 0) chownSync(into, uid, gid)
  for (const [name, value] of attributes) {
    setAttribute(Buffer.from(`${into}\0`), Buffer.from(name, 'base64').toString('latin1'), Buffer.from(value, 'base64'))
  }
  chmodSync(into, mode)
  setTimes(into, BigInt(mtimeNs), BigInt(mtimeNs))
}

function sameButOwners(a: TreeSummary, b: TreeSummary): boolean {
  return (
    a.bytes === b.bytes &&
    Object.entries(b.entries).every(([type, count]) => a.entries[type as keyof TreeSummary['entries']] === count)
  )
}

/** What restic says of single files is about the target. */
function notWritten(part: string, { message }: AngeeError): AngeeError {
  return new AngeeError('RESTORE_FAILED', `${part} cannot be restored here: ${message}`, {
    hint: 'Restore as root, or onto a file system that holds what the snapshot has.',
    context: { part },
  })
}
