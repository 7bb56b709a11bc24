import {
  type CheckLevel,
  type CheckReport,
  type Context,
  isAngeeError,
  type PartId,
  type StoredPart,
} from '@angee/core'
import { readingOutput, streamOf } from '../get/get.ts'
import { failure } from '../program/failure.ts'
import type { Restic } from '../program/restic.ts'
import type { Listing } from '../snapshots/listing.ts'
import { readLocator } from '../snapshots/locator.ts'
import { findSnapshot, type Manifests } from '../snapshots/manifest.ts'
import { blobsIn, touches } from './broken-packs.ts'
import { readWholeTree } from './read-tree.ts'

/**
 * Checks a snapshot part by part. Both levels let restic look at the whole repository: that every pack is there with its
 * length, and that all indexes and directories can be read. When that finds something, and always at level `full`, every
 * byte of the snapshot is read, which names the parts. Damage is in the report; what else goes wrong is thrown.
 */
export async function checkSnapshot(
  restic: Restic,
  manifests: Manifests,
  id: string,
  level: CheckLevel,
  ctx: Context,
): Promise<CheckReport> {
  const report: CheckReport = { id: id.toUpperCase(), level, bytesRead: 0, parts: [] }
  const found = await findSnapshot(restic, manifests, id, ctx).catch((error: unknown) => {
    if (!isAngeeError(error, 'SNAPSHOT_CORRUPT')) throw error
    report.parts.push({ part: 'manifest', ok: false, problem: error.message })
    return undefined
  })
  if (!found) return report
  const packs = await checkRepository(restic, ctx)
  const broken = packs === undefined ? undefined : await blobsIn(restic, packs, ctx)
  /** A pack may have lost bytes that no restore reads: it is damaged all the same. */
  const packProblem = async (resticId: string): Promise<string | undefined> =>
    broken && (await touches(restic, found.listing, resticId, broken, ctx))
      ? 'some of it lies in damaged packs'
      : undefined
  const say = (part: PartId | 'manifest', problem: string | undefined): void =>
    void report.parts.push({ part, ok: problem === undefined, ...(problem === undefined ? {} : { problem }) })

  say('manifest', await packProblem(found.stored.resticId))
  for (const stored of found.manifest.parts) {
    const reads = broken !== undefined || level === 'full'
    const problem =
      missingOf(found.listing, stored) ?? (reads ? await readPart(restic, stored, report, ctx) : undefined)
    say(stored.part, problem ?? (await packProblem(readLocator(stored).resticId)))
  }
  return report
}

/** Undefined when restic finds the repository sound, else the packs it names, which may be none. */
async function checkRepository(restic: Restic, ctx: Context): Promise<string[] | undefined> {
  let broken: string[] = []
  let errors = 0
  const ending = await restic.watch(
    ['check', '--json', '--no-lock'],
    {
      onMessage: (message) => {
        if (message['message_type'] !== 'summary') return
        errors = Number(message['num_errors'] ?? 0)
        broken = (message['broken_packs'] as string[] | null) ?? []
      },
    },
    ctx,
  )
  ctx.signal.throwIfAborted()
  if (ending.exitCode === 0) return undefined
  if (ending.exitCode !== 1 || errors === 0) throw failure(ending, restic.place)
  const missing = ending.sayings.errors.flatMap(({ message }) => /^pack ([0-9a-f]{64}): /.exec(message)?.[1] ?? [])
  return [...new Set([...broken, ...missing])]
}

function missingOf({ stored }: Listing, part: StoredPart): string | undefined {
  const { resticId } = readLocator(part)
  return stored.some((one) => one.resticId === resticId) ? undefined : `its restic snapshot ${resticId} is missing`
}

/** Reads every byte of a part past every cache. restic compares each piece with the digest that it is known by. */
async function readPart(
  restic: Restic,
  stored: StoredPart,
  report: CheckReport,
  ctx: Context,
): Promise<string | undefined> {
  const { part, raw } = stored
  ctx.onProgress({ type: 'part', part, state: 'started', bytes: 0, totalBytes: raw.bytes })
  try {
    const locator = readLocator(stored)
    const words = ['dump', `${locator.resticId}:${locator.path}`, '/', '--archive', 'tar', '--no-cache']
    const onBytes = (bytes: number): void => {
      report.bytesRead += bytes
      ctx.signal.throwIfAborted()
    }
    if (locator.form === 'tree') await readWholeTree(readingOutput(restic, words, ctx), stored, onBytes)
    else
      for await (const piece of streamOf(restic, stored, ['--no-cache'], ctx) as AsyncIterable<Buffer>)
        onBytes(piece.length)
    ctx.onProgress({ type: 'part', part, state: 'done', bytes: raw.bytes })
    return undefined
  } catch (error) {
    ctx.signal.throwIfAborted()
    if (!isAngeeError(error, 'SNAPSHOT_CORRUPT')) throw error
    ctx.onProgress({ type: 'part', part, state: 'failed', bytes: 0, message: error.message })
    return error.message
  }
}
