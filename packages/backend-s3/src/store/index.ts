import type { ObjectStore } from '@angee/archive'
import type { S3Options } from '../options.ts'
import { copyObject } from './copy.ts'
import { deleteObject } from './delete.ts'
import { collectLeftovers } from './garbage.ts'
import { getObject } from './get.ts'
import { nameOf } from './key.ts'
import { listObjects } from './list.ts'
import { lookUp } from './look-up.ts'
import { placeOf } from './place.ts'
import { preflightPlace } from './preflight.ts'
import { putObject } from './put.ts'

/**
 * Objects in a bucket, as the checked options of the backend say: the object `a/b` lies under `<prefix>/a/b`.
 * `certificates`, as PEM, are trusted besides the usual ones. Connects to nothing before the first call.
 */
export function s3ObjectStore(options: S3Options, certificates?: string): ObjectStore {
  const place = placeOf(options, certificates)
  return {
    location: place.location,
    remote: true,
    put: (key, body, conditions, ctx) => putObject(place, key, body, conditions, ctx),
    get: (key, range, ctx) => getObject(place, key, range, ctx),
    async head(key, ctx) {
      const found = await lookUp(place, nameOf(place, key), ctx)
      return found && { bytes: found.bytes }
    },
    list: (prefix, ctx) => listObjects(place, prefix, ctx),
    delete: (key, ctx) => deleteObject(place, key, ctx),
    copy: (from, to, ctx) => copyObject(place, from, to, ctx),
    preflight: (ctx) => preflightPlace(place, ctx),
    collectGarbage: (ctx) => collectLeftovers(place, ctx),
    async [Symbol.asyncDispose]() {
      place[Symbol.dispose]()
    },
  }
}
