import type { CheckLevel, CheckReport, Context, StoredPart } from '@angee/core'
import { isAngeeError } from '@angee/core/errors'
import type { Archive } from './archive.ts'
import { getStream, getTree, type PartSource, readStored } from './get.ts'
import { partKey } from './keys.ts'
import { readManifest } from './manifest.ts'

/** Checks a snapshot part by part. Damage is in the report; SNAPSHOT_NOT_FOUND and a store that fails are thrown. */
export async function checkSnapshot(
  archive: Archive,
  id: string,
  level: CheckLevel,
  ctx: Context,
): Promise<CheckReport> {
  const report: CheckReport = { id: id.toUpperCase(), level, bytesRead: 0, parts: [] }
  const manifest = await readManifest(archive.store, id, ctx).catch((error: unknown) => {
    if (!isAngeeError(error, 'SNAPSHOT_CORRUPT')) throw error
    report.parts.push({ part: 'manifest', ok: false, problem: error.message })
    return undefined
  })
  if (!manifest) return report
  report.parts.push({ part: 'manifest', ok: true })
  for (const stored of manifest.parts) {
    const problem = await checkPart(archive, id, stored, level, ctx)
    report.parts.push({ part: stored.part, ok: problem === undefined, ...(problem === undefined ? {} : { problem }) })
    if (level === 'full') report.bytesRead += stored.stored.bytes
  }
  return report
}

async function checkPart(
  archive: Archive,
  id: string,
  stored: StoredPart,
  level: CheckLevel,
  ctx: Context,
): Promise<string | undefined> {
  const source: PartSource = { ...archive, key: partKey(id, stored), stored }
  const found = await archive.store.head(source.key, ctx)
  if (!found) return 'it is missing'
  if (found.bytes !== stored.stored.bytes)
    return `it has ${found.bytes} bytes, the manifest says ${stored.stored.bytes}`
  if (level === 'quick') return undefined
  try {
    ctx.onProgress({ type: 'part', part: stored.part, state: 'started', bytes: 0, totalBytes: stored.raw.bytes })
    await readPart(source, ctx)
    ctx.onProgress({ type: 'part', part: stored.part, state: 'done', bytes: stored.raw.bytes })
    return undefined
  } catch (error) {
    ctx.signal.throwIfAborted()
    const damage = ['SNAPSHOT_CORRUPT', 'ARCHIVE_CORRUPT', 'ARCHIVE_HOSTILE', 'OBJECT_NOT_FOUND'] as const
    if (!damage.some((code) => isAngeeError(error, code))) throw error
    ctx.onProgress({ type: 'part', part: stored.part, state: 'failed', bytes: 0, message: (error as Error).message })
    return (error as Error).message
  }
}

async function readPart(source: PartSource, ctx: Context): Promise<void> {
  const { stored, encryption } = source
  // A machine that only writes has no identity. The digest of what lies there still tells whether it is what was written.
  if (stored.encryption && encryption?.canOpen !== true) return readStored(source, ctx)
  if (stored.kind === 'tree') return getTree(source, undefined, ctx)
  for await (const _ of await getStream(source, ctx)) ctx.signal.throwIfAborted()
}
