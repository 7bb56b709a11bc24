import type { Context } from '@angee/core'
import { DeleteObjectCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3'
import { readRecord } from './garbage.ts'
import { listNames } from './list.ts'
import { removeUpload } from './multipart.ts'
import type { Place } from './place.ts'
import { request } from './request.ts'
import { recordsPrefix } from './upload-record.ts'

/** Removes everything below the prefix of a place: objects, unfinished uploads, and in a bucket with versions those too. */
export async function removeAll(place: Place, ctx: Context): Promise<void> {
  for await (const { name } of listNames(place, place.prefix, ctx)) {
    if (name.startsWith(place.prefix + recordsPrefix)) await removeUploadOf(place, name, ctx)
    await remove(place, name, undefined, ctx)
  }
  for (let some = await versions(place, ctx); some.length > 0; some = await versions(place, ctx)) {
    for (const { name, version } of some) await remove(place, name, version, ctx)
  }
}

async function removeUploadOf(place: Place, record: string, ctx: Context): Promise<void> {
  const upload = await readRecord(place, record, ctx)
  if (upload?.name.startsWith(place.prefix)) await removeUpload(place, upload, ctx)
}

/** The first of the versions and deletion marks that are there. None where the server keeps, or shows, no versions. */
async function versions(place: Place, ctx: Context): Promise<{ name: string; version: string }[]> {
  const input = { Bucket: place.bucket, Prefix: place.prefix }
  try {
    const page = await request(place, { purpose: `list versions of ${place.prefix}`, access: 'read' }, ctx, (options) =>
      place.s3.send(new ListObjectVersionsCommand(input), options),
    )
    return [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].flatMap(({ Key: name, VersionId: version }) =>
      name?.startsWith(place.prefix) && version ? [{ name, version }] : [],
    )
  } catch (error) {
    ctx.signal.throwIfAborted()
    ctx.logger.debug('versions cannot be listed', { location: place.location, problem: String(error) })
    return []
  }
}

async function remove(place: Place, name: string, version: string | undefined, ctx: Context): Promise<void> {
  const input = { Bucket: place.bucket, Key: name, VersionId: version }
  await request(place, { purpose: `delete ${name}`, access: 'write' }, ctx, (options) =>
    place.s3.send(new DeleteObjectCommand(input), options),
  )
}
