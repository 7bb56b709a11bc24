import { createWriteStream } from 'node:fs'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Context, SnapshotReader, StoredPart } from '../contract/index.ts'
import { AngeeError, registerSecret, toAngeeError } from '../errors/index.ts'
import type { Files } from '../files/index.ts'
import { stagingName } from '../snapshot/preflight.ts'
import { unsealedSecrets } from '../snapshot/secrets.ts'
import type { Stack } from '../stack/index.ts'
import { secretsIn } from '../stack/secrets.ts'
import { fetchStream } from './fetch-stream.ts'
import type { RestorePlan, StreamReplacement, TreeReplacement } from './plan.ts'

/** A tree whose new content lies verified on the target's own mount. */
export interface StagedTree extends TreeReplacement {
  /** Directory of this part alone, on the mount of the target: `new`, later also `old` and `hold`. */
  area: string
}

/** A dump that lies fetched and verified in a file. It need not outlive this process, and is verified again as it is read. */
export interface StagedStream extends StreamReplacement {
  file: string
}

export interface Staged {
  trees: StagedTree[]
  streams: StagedStream[]
}

/** Where each part will be staged: renaming from there to the target must stay on one mount. Makes nothing. */
export async function stagingAreas(stack: Stack, plan: RestorePlan, operation: string): Promise<Staged> {
  const mounts = await stack.files.mountPoints()
  const own = join(stack.place.stateDirectory, 'staging', operation)
  const trees = await Promise.all(
    plan.trees.map(async (tree, index) => {
      const parent = mounts.includes(tree.target)
        ? tree.target
        : await nearestExisting(stack.files, dirname(tree.target))
      const sameMount = await onSameMount(stack.files, mounts, stack.place.stateDirectory, parent)
      return { ...tree, area: join(sameMount ? own : join(parent, stagingName, operation), `tree-${index}`) }
    }),
  )
  const streams = plan.streams
    .filter(({ straight }) => !straight)
    .map((stream, index) => ({ ...stream, file: join(own, `dump-${index}`) }))
  return { trees, streams }
}

/** The directories to remove when all is over. */
export function stagingRoots(staged: Staged): string[] {
  return [
    ...new Set([...staged.trees.map(({ area }) => dirname(area)), ...staged.streams.map(({ file }) => dirname(file))]),
  ]
}

/** Fetches every part and verifies it. Nothing live is touched. Rejects with SNAPSHOT_CORRUPT at the first damage. */
export async function stageAll(stack: Stack, staged: Staged, reader: SnapshotReader, ctx: Context): Promise<void> {
  for (const { part, file, stored } of staged.streams) {
    await stack.files.makeDirectory(dirname(file))
    ctx.onProgress({ type: 'part', part: part.id, state: 'started', bytes: 0, totalBytes: stored.raw.bytes })
    await stageStream(reader, { file, stored }, ctx)
    ctx.onProgress({
      type: 'part',
      part: part.id,
      state: 'done',
      bytes: stored.raw.bytes,
      totalBytes: stored.raw.bytes,
    })
  }
  for (const { part, area, stored, target } of staged.trees) {
    if (part.kind === 'file') {
      if (stored) await stageSecrets(stack, { area, stored, target }, reader, ctx)
      continue
    }
    const fresh = join(area, 'new')
    await stack.files.makeDirectory(fresh)
    if (stored === undefined) continue
    ctx.onProgress({ type: 'part', part: part.id, state: 'started', bytes: 0, totalBytes: stored.raw.bytes })
    await reader.getTree(part.id, fresh, ctx)
    ctx.onProgress({
      type: 'part',
      part: part.id,
      state: 'done',
      bytes: stored.raw.bytes,
      totalBytes: stored.raw.bytes,
    })
  }
}

/** Puts the secrets file where a tree would be staged, with owner and mode of the one it replaces. */
async function stageSecrets(
  { files }: Stack,
  { area, stored, target }: Pick<StagedTree, 'area' | 'target'> & { stored: StoredPart },
  reader: SnapshotReader,
  ctx: Context,
): Promise<void> {
  const sealed = join(area, 'sealed')
  await files.makeDirectory(area)
  await stageStream(reader, { file: sealed, stored }, ctx)
  const bytes = unsealedSecrets((await files.read(sealed)) ?? Buffer.of())
  for (const value of secretsIn(bytes.toString()).values()) registerSecret(value)
  const fresh = join(area, 'new')
  await files.writeDurably(fresh, bytes)
  await files.removeFile(sealed)
  const [live, made] = [await files.facts(target), await files.facts(fresh)]
  if (live && made) await files.setAttributes(fresh, { ...made, mode: live.mode, uid: live.uid, gid: live.gid })
}

async function stageStream(
  reader: SnapshotReader,
  { file, stored }: { file: string; stored: StoredPart },
  ctx: Context,
): Promise<void> {
  try {
    const target = createWriteStream(file, { mode: 0o600 })
    await pipeline(await fetchStream(reader, stored, ctx), target, { signal: ctx.signal })
  } catch (error) {
    ctx.signal.throwIfAborted()
    throw spaceOr(error, file)
  }
}

function spaceOr(error: unknown, file: string): AngeeError {
  if ((error as NodeJS.ErrnoException).code === 'ENOSPC') {
    return new AngeeError('SPACE_INSUFFICIENT', `the disk is full while staging ${file}`, {
      hint: 'Nothing has been changed. Free some space and run again.',
      cause: error,
      retry: 'later',
    })
  }
  return toAngeeError(error, 'RESTORE_FAILED')
}

async function nearestExisting(files: Files, path: string): Promise<string> {
  for (let at = path; ; at = dirname(at)) {
    if ((await files.facts(at)) !== undefined || at === '/') return files.realpath(at)
  }
}

async function onSameMount(files: Files, mounts: readonly string[], a: string, b: string): Promise<boolean> {
  const first = await files.facts(await nearestExisting(files, a))
  const second = await files.facts(b)
  return first?.device === second?.device && mountOf(mounts, a) === mountOf(mounts, b)
}

function mountOf(mounts: readonly string[], path: string): string {
  const holding = mounts.filter((mount) => mount === '/' || path === mount || path.startsWith(`${mount}/`))
  return holding.sort((a, b) => b.length - a.length)[0] ?? '/'
}
