import { hostname } from 'node:os'
import { buffer } from 'node:stream/consumers'
import type { Context } from '@angee/core'
import { DeleteObjectCommand, GetObjectCommand, ListPartsCommand } from '@aws-sdk/client-s3'
import { ownPrefix } from './key.ts'
import { listNames } from './list.ts'
import { liveUploads, removeUpload } from './multipart.ts'
import type { Place } from './place.ts'
import { request } from './request.ts'
import { answeredWith } from './store-error.ts'
import { recordsPrefix, type UploadRecord } from './upload-record.ts'

const day = 24 * 3_600_000
/** A writer on another machine that has sent nothing for this long is taken for dead. */
const abandonedAfter = 7 * day
/** Claims and probes live for minutes. */
const leftAfter = day

interface Sweep {
  removed: number
  bytes: number
}

/**
 * See ObjectStore.collectGarbage: aborts the uploads of writers that are no more, and removes what else of the store's
 * own was left. An upload without a record is another program's, and stays.
 */
export async function collectLeftovers(place: Place, ctx: Context): Promise<Sweep> {
  ctx.signal.throwIfAborted()
  const report: Sweep = { removed: 0, bytes: 0 }
  const own = place.prefix + ownPrefix
  for await (const { name, bytes, modified } of listNames(place, own, ctx)) {
    if (name.startsWith(place.prefix + recordsPrefix)) {
      const swept = await sweepUpload(place, name, modified, ctx)
      report.removed += swept.removed
      report.bytes += swept.bytes
    } else if (ctx.clock.now() - modified > leftAfter) {
      await remove(place, name, ctx)
      report.removed += 1
      report.bytes += bytes
    }
  }
  return report
}

/** The record goes last: a sweep that is interrupted is then taken up by the next one. */
async function sweepUpload(place: Place, recordName: string, begun: number, ctx: Context): Promise<Sweep> {
  const nothing = { removed: 0, bytes: 0 }
  const record = await readRecord(place, recordName, ctx)
  if (!record?.name.startsWith(place.prefix)) return nothing
  const isFromHere = record.host === hostname()
  if (isFromHere && isAlive(record)) return nothing
  const sent = await partsOf(place, record, ctx)
  const silent = ctx.clock.now() - Math.max(begun, sent?.last ?? 0)
  if (!isFromHere && silent < abandonedAfter) return nothing
  if (sent) await removeUpload(place, record, ctx)
  await remove(place, recordName, ctx)
  return { removed: 1, bytes: sent?.bytes ?? 0 }
}

function isAlive({ id, pid }: UploadRecord): boolean {
  return pid === process.pid ? liveUploads.has(id) : isRunning(pid)
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Undefined where it is gone meanwhile, or is no record. */
export async function readRecord(place: Place, name: string, ctx: Context): Promise<UploadRecord | undefined> {
  const purpose = { purpose: `read ${name}`, access: 'read' } as const
  try {
    const text = await request(place, purpose, ctx, async (options) => {
      const { Body } = await place.s3.send(new GetObjectCommand({ Bucket: place.bucket, Key: name }), options)
      return Body === undefined ? '' : String(await buffer(Body as unknown as AsyncIterable<Uint8Array>))
    })
    return JSON.parse(text) as UploadRecord
  } catch (error) {
    if (error instanceof SyntaxError || answeredWith(error, 'NoSuchKey')) return undefined
    throw error
  }
}

/** What an upload has received; undefined when it is gone: completed or aborted. */
async function partsOf(
  place: Place,
  { name, id }: UploadRecord,
  ctx: Context,
): Promise<{ bytes: number; last: number } | undefined> {
  const sent = { bytes: 0, last: 0 }
  let marker: string | undefined
  try {
    do {
      const input = { Bucket: place.bucket, Key: name, UploadId: id, PartNumberMarker: marker }
      const page = await request(place, { purpose: `list the parts of ${name}`, access: 'read' }, ctx, (options) =>
        place.s3.send(new ListPartsCommand(input), options),
      )
      for (const { Size = 0, LastModified } of page.Parts ?? []) {
        sent.bytes += Size
        sent.last = Math.max(sent.last, LastModified?.getTime() ?? 0)
      }
      marker = page.IsTruncated && page.NextPartNumberMarker !== marker ? page.NextPartNumberMarker : undefined
    } while (marker !== undefined)
    return sent
  } catch (error) {
    if (answeredWith(error, 'NoSuchUpload', 'NotFound')) return undefined
    throw error
  }
}

async function remove(place: Place, name: string, ctx: Context): Promise<void> {
  await request(place, { purpose: `delete ${name}`, access: 'write' }, ctx, (options) =>
    place.s3.send(new DeleteObjectCommand({ Bucket: place.bucket, Key: name }), options),
  )
}
