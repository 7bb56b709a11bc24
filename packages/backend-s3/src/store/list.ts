import { AngeeError, type Context } from '@angee/core'
import { ListObjectsV2Command } from '@aws-sdk/client-s3'
import { isBeginning, isKey } from './key.ts'
import type { Place } from './place.ts'
import { request } from './request.ts'

/** An object of the bucket, foreign or not. */
export interface ListedName {
  name: string
  bytes: number
  /** Milliseconds since 1970, by the server's clock. */
  modified: number
}

/** See ObjectStore.list. Foreign objects are passed over. */
export async function* listObjects(
  place: Place,
  prefix: string,
  ctx: Context,
): AsyncIterable<{ key: string; bytes: number }> {
  ctx.signal.throwIfAborted()
  if (prefix !== '' && !isBeginning(prefix)) return
  let last = ''
  for await (const { name, bytes } of listNames(place, place.prefix + prefix, ctx)) {
    const key = name.slice(place.prefix.length)
    if (!isKey(key)) continue
    // An answer that was given before would show keys twice, or let some of them out.
    if (key <= last) throw brokenListing(place, `${key} comes after ${last}`)
    last = key
    yield { key, bytes }
    ctx.signal.throwIfAborted()
  }
}

/** Every object whose name begins with `beginning`, page by page. */
export async function* listNames(place: Place, beginning: string, ctx: Context): AsyncIterable<ListedName> {
  let token: string | undefined
  do {
    const input = { Bucket: place.bucket, Prefix: beginning, ContinuationToken: token }
    const page = await request(place, { purpose: `list ${beginning}`, access: 'read' }, ctx, (options) =>
      place.s3.send(new ListObjectsV2Command(input), options),
    )
    for (const { Key: name = '', Size: bytes, LastModified } of page.Contents ?? []) {
      if (!name.startsWith(beginning)) throw brokenListing(place, `${name} does not begin with ${beginning}`)
      if (bytes === undefined) throw brokenListing(place, `${name} has no length`)
      yield { name, bytes, modified: LastModified?.getTime() ?? 0 }
    }
    if (page.IsTruncated && (page.NextContinuationToken ?? token) === token) {
      throw brokenListing(place, 'there is more, and it does not say where')
    }
    token = page.IsTruncated ? page.NextContinuationToken : undefined
  } while (token !== undefined)
}

function brokenListing(place: Place, problem: string): AngeeError {
  return new AngeeError('BACKEND_FAILED', `the listing of ${place.location} is broken: ${problem}`, {
    hint: 'Try again. If it stays so, the server or a proxy before it gives wrong answers.',
    context: { location: place.location },
    retry: 'later',
  })
}
