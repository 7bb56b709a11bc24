import { Buffer } from 'node:buffer'
import { AngeeError, type Context } from '@angee/core'
import { HeadObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import type { Place } from './place.ts'
import { request } from './request.ts'
import { answered } from './store-error.ts'

/** What the server says of an object. */
export interface Found {
  bytes: number
  /** The marker of the put that stored it, where the server keeps metadata. */
  marker: string | undefined
}

/** Under this name each put leaves a marker of its own with the object, so that it knows its own work again. */
export const markerName = 'angee-put'

export function newMarker(ctx: Context): string {
  return Buffer.from(ctx.random(new Uint8Array(16))).toString('hex')
}

/** What is stored under a name, or undefined where nothing is. */
export async function lookUp(place: Place, name: string, ctx: Context): Promise<Found | undefined> {
  const purpose = { purpose: `look up ${name}`, access: 'read' } as const
  try {
    const { ContentLength, Metadata } = await request(place, purpose, ctx, (options) =>
      place.s3.send(new HeadObjectCommand({ Bucket: place.bucket, Key: name }), options),
    )
    if (ContentLength !== undefined) return { bytes: ContentLength, marker: Metadata?.[markerName] }
    throw new AngeeError('BACKEND_FAILED', `${place.location} does not say how long ${name} is`)
  } catch (error) {
    if (!answered(error, 404)) throw error
    // A head has no body to say what is missing: the object, or the bucket, or the user on some servers.
    if (!place.known.reachable) await proveReachable(place, ctx)
    return undefined
  }
}

/** Proves that the bucket is there and that the credential may list it. REPOSITORY_NOT_FOUND, CREDENTIAL_WRONG. */
export async function proveReachable(place: Place, ctx: Context): Promise<void> {
  await request(place, { purpose: 'list the objects', access: 'read' }, ctx, (options) =>
    place.s3.send(new ListObjectsV2Command({ Bucket: place.bucket, Prefix: place.prefix, MaxKeys: 1 }), options),
  )
  place.known.reachable = true
}
