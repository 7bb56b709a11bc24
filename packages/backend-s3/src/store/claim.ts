import { createHash } from 'node:crypto'
import type { Context } from '@angee/core'
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { digestHeader } from './attributes.ts'
import { cleanUpContext } from './clean-up.ts'
import { exists, ownPrefix } from './key.ts'
import { type ListedName, listNames } from './list.ts'
import { lookUp } from './look-up.ts'
import type { Place } from './place.ts'
import { request } from './request.ts'

/*
 * For servers whose own conditional writes cannot be relied on. A writer that wants a key for the first time puts a
 * claim: an object of its own name beside those of all others who want that key. It writes only after a listing that
 * shows no claim but its own, and withdraws the claim when it is done. Of two writers, the one that lists last sees the
 * claim of the other, because each puts before it lists: so never do two write at once, and whoever comes later finds
 * the object there.
 *
 * What remains possible on such a server: two writers both succeed, and the later one's bytes stay,
 * - when its listings lag behind its puts (S3's own do not);
 * - when a writer is held up for `lifeMilliseconds` between its listing and the arrival of its bytes, for by then it
 *   counts as dead: its claim is passed over;
 * - when something else than this store writes that key.
 * In the first two cases the earlier one still fails with OBJECT_EXISTS where it sees, when it looks at what it has
 * stored, that it is another's.
 */

const lifeMilliseconds = 10 * 60_000
const pauseMilliseconds = 50
const longestPause = 2000

/**
 * Lets `write` store an object under `key`, with that marker, while no other writer does. OBJECT_EXISTS when the key
 * exists, or when what is stored in the end is another's.
 */
export async function withClaim(
  place: Place,
  key: string,
  marker: string,
  ctx: Context,
  write: () => Promise<void>,
): Promise<void> {
  for (let round = 1; ; round += 1) {
    if (await writeAlone(place, key, marker, ctx, write)) break
    await rest(round, ctx)
    if (await lookUp(place, place.prefix + key, ctx)) throw exists(key)
  }
  if ((await lookUp(place, place.prefix + key, ctx))?.marker !== marker) throw exists(key)
}

/** False where another writer goes first: the claim is withdrawn. */
async function writeAlone(
  place: Place,
  key: string,
  marker: string,
  ctx: Context,
  write: () => Promise<void>,
): Promise<boolean> {
  const claims = `${place.prefix}${ownPrefix}claims/${createHash('sha256').update(key).digest('hex')}/`
  const own = claims + marker
  const since = ctx.clock.now()
  try {
    await putClaim(place, own, ctx)
    for (let round = 1; ; round += 1) {
      const others = await otherClaims(place, claims, own, ctx)
      // Half of its life is left for the bytes to arrive in.
      if (others === undefined || ctx.clock.now() - since > lifeMilliseconds / 2) return false
      if (others.length === 0) break
      if (others.some(({ name }) => name < own)) return false
      await rest(round, ctx)
    }
    if (await lookUp(place, place.prefix + key, ctx)) throw exists(key)
    await write()
    return true
  } finally {
    await withdraw(place, own, ctx)
  }
}

/** The claims of others who may be alive; undefined when the own one is gone. Only the server's clock is compared. */
async function otherClaims(place: Place, claims: string, own: string, ctx: Context): Promise<ListedName[] | undefined> {
  const listed: ListedName[] = []
  for await (const one of listNames(place, claims, ctx)) listed.push(one)
  const now = listed.find(({ name }) => name === own)?.modified
  if (now === undefined) return undefined
  return listed.filter(({ name, modified }) => name !== own && now - modified < lifeMilliseconds)
}

async function putClaim(place: Place, name: string, ctx: Context): Promise<void> {
  const Body = new Uint8Array(0)
  const input = { Bucket: place.bucket, Key: name, Body, ...digestHeader(place, Body) }
  await request(place, { purpose: `store ${name}`, access: 'write' }, ctx, (options) =>
    place.s3.send(new PutObjectCommand(input), options),
  )
}

/** Also after an abort. One that stays delays other writers of that key until its life is over. */
async function withdraw(place: Place, name: string, ctx: Context): Promise<void> {
  const always = cleanUpContext(ctx)
  await request(place, { purpose: `delete ${name}`, access: 'write' }, always, (options) =>
    place.s3.send(new DeleteObjectCommand({ Bucket: place.bucket, Key: name }), options),
  ).catch(() => ctx.logger.warn(`left the claim ${name}`))
}

/** Writers that collide part again because each waits for a time of its own. */
async function rest(round: number, ctx: Context): Promise<void> {
  const [random = 0] = ctx.random(new Uint8Array(1))
  const longest = Math.min(longestPause, pauseMilliseconds * 2 ** Math.min(round, 10))
  await ctx.clock.sleep(Math.round((longest * (1 + random)) / 256), ctx.signal)
}
