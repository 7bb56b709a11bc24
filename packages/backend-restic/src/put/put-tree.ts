import { realpathSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { Context, PutResult, StoredPart, TreeSource, TreeSummary, TreeTools, Warning } from '@angee/core'
import { syncFileSystem } from '@angee/core/posix'
import { writeLocator } from '../snapshots/locator.ts'
import { type Backup, backup } from './backup.ts'
import { excludePattern } from './exclude.ts'
import { type Hold, holdBackup } from './held.ts'
import { type PutPlace, storeStream } from './put-stream.ts'
import { fingerprintNow, settledState, type TreeState } from './tree-state.ts'
import { hasTrustedTimes } from './trusted-times.ts'

const tries = 3
/** A tree that changes while it is read for longer than this, in milliseconds, will change the next time too. */
const longestRetried = 60_000

/**
 * Stores a tree. restic walks it, at the same time its summary is made, and both count only when the tree stood still
 * from before the first to after the last of them: what restic stored then has that summary. A tree that does not stand
 * still, or holds what restic does not keep, or lies where times do not tell, is stored as one tar archive, whose summary
 * is made of the very bytes.
 */
export async function putTree(
  place: PutPlace,
  parent: string | undefined,
  tree: TreeSource,
  trees: TreeTools,
  ctx: Context,
): Promise<PutResult> {
  const provable = await hasTrustedTimes(tree.directory)
  for (let attempt = 1; provable && attempt <= tries; attempt++) {
    const startedAt = ctx.clock.now()
    const found = await storeAndSummarize(place, parent, tree, trees, ctx)
    if (!found) break
    const { before, stored, summary, warnings } = found
    const stoodStill = before.fingerprint === (await fingerprintNow(tree, ctx))
    const expected = warnings.every(({ kind }) => kind === 'not-kept')
    if (stoodStill && expected && !stored.incomplete) return treeResult(place, tree, before, stored, summary, warnings)
    ctx.logger.debug(`${place.part} changed while it was stored`, { attempt })
    if (ctx.clock.now() - startedAt > longestRetried) break
  }
  return putArchive(place, tree, ctx)
}

interface Attempt {
  /** The tree before anything of it was read. */
  before: TreeState
  stored: Backup
  summary: TreeSummary
  warnings: Warning[]
}

/**
 * restic and the summary side by side, while the tree is looked at restic opens the repository. Undefined where restic
 * cannot prove or keep the tree. When one fails the other is stopped, and nothing runs any more on return.
 */
async function storeAndSummarize(
  place: PutPlace,
  parent: string | undefined,
  tree: TreeSource,
  trees: TreeTools,
  ctx: Context,
): Promise<Attempt | undefined> {
  const stop = new AbortController()
  const own: Context = { ...ctx, signal: AbortSignal.any([ctx.signal, stop.signal]) }
  using hold = holdBackup()
  const storing = backupDirectory(place, parent, hold, tree, own)
  storing.catch((error: unknown) => stop.abort(error))
  let summarizing: ReturnType<TreeTools['summarize']> | undefined
  try {
    const before = await stateBefore(place, tree, own)
    if (!before) return undefined
    hold.release()
    summarizing = trees.summarize(tree, own)
    const [stored, { summary, warnings }] = await Promise.all([storing, summarizing])
    return { before, stored, summary, warnings }
  } catch (error) {
    ctx.signal.throwIfAborted()
    throw error
  } finally {
    stop.abort()
    // What waits at it would not hear that it is to end.
    hold.release()
    await Promise.allSettled([storing, summarizing])
  }
}

/** The state of a tree whose later changes will all show; undefined where they would not, or restic would not keep it. */
async function stateBefore({ part }: PutPlace, tree: TreeSource, ctx: Context): Promise<TreeState | undefined> {
  const before = await settledState(tree, ctx)
  if (before?.unkept !== undefined) {
    ctx.logger.debug(`${part} is stored as a tar archive: restic does not keep ${before.unkept}`)
  }
  if (!before || before.unkept !== undefined) return undefined
  // A store through a mapping sets a time only where the page was clean: from here on all of them show.
  await syncFileSystem(tree.directory)
  ctx.signal.throwIfAborted()
  return before
}

/** Without a parent restic reads every file: one it would choose itself may have been taken of a moving tree. */
function backupDirectory(
  { restic, part, tags, onStored }: PutPlace,
  parent: string | undefined,
  hold: Hold,
  tree: TreeSource,
  ctx: Context,
): Promise<Backup> {
  const directory = realpathSync(tree.directory)
  const words = [
    ...(parent === undefined ? ['--force'] : ['--parent', parent]),
    ...hold.words,
    ...tree.exclude.map((path) => `--exclude=${excludePattern(directory, path)}`),
    '--tag',
    tags,
    `./${basename(directory)}`,
  ]
  const onStatus = (bytes: number, totalBytes: number | undefined): void =>
    ctx.onProgress({
      type: 'part',
      part,
      state: 'progress',
      bytes,
      ...(totalBytes === undefined ? {} : { totalBytes }),
    })
  return backup(restic, { words, directory: dirname(directory), onStatus, onStored }, ctx)
}

function treeResult(
  { part }: PutPlace,
  { directory }: TreeSource,
  { root, owner }: TreeState,
  { resticId, bytesAdded }: Backup,
  tree: TreeSummary,
  warnings: Warning[],
): PutResult {
  const path = `/${basename(realpathSync(directory))}`
  // There is no archive to count: a tree that restic walked is as long as its files, and has the digest of the tree.
  const raw = { bytes: tree.bytes, digest: tree.digest }
  const stored: StoredPart = {
    part,
    kind: 'tree',
    raw,
    stored: { bytes: bytesAdded, digest: raw.digest },
    tree,
    locator: writeLocator({ form: 'tree', resticId, path, root, owner }),
  }
  return { stored, warnings: warnings.map((warning) => ({ ...warning, part })) }
}

async function putArchive(place: PutPlace, tree: TreeSource, ctx: Context): Promise<PutResult> {
  const { part } = place
  const name = `${part.replace('/', '.')}.tar`
  const { stream, result } = tree.toTar(ctx)
  stream.on('error', () => undefined)
  const onBytes = (bytes: number): void => ctx.onProgress({ type: 'part', part, state: 'progress', bytes })
  const { raw, stored } = await storeStream(place, name, stream, onBytes, ctx)
  const { summary, warnings } = await result
  return {
    stored: {
      part,
      kind: 'tree',
      raw,
      stored: { bytes: stored.bytesAdded, digest: raw.digest },
      tree: summary,
      locator: writeLocator({ form: 'tar', resticId: stored.resticId, path: `/${name}` }),
    },
    warnings: warnings.map((warning) => ({ ...warning, part })),
  }
}
