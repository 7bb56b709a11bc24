import { Readable } from 'node:stream'
import type { PutOptions } from '@angee/archive'
import { AngeeError, type Context } from '@angee/core'
import type { Collections } from './collections.ts'
import { type Counted, countedBody } from './counted.ts'
import { failure, type Purpose, refusal } from './errors.ts'
import { headObject } from './get.ts'
import { newIncoming } from './incoming.ts'
import { checkKey, exists, incoming, notFound } from './keys.ts'
import type { Later } from './later.ts'
import { askPatiently } from './locked.ts'
import { look } from './look.ts'
import { withMutex } from './mutex.ts'
import { remove } from './remove.ts'
import { discard, type Server } from './server.ts'

/** How often a collection may vanish under a put. */
const attempts = 5

/** Where objects are put. */
export interface Target {
  server: Server
  collections: Collections
  later: Later
}

/** See ObjectStore.put: another name → compare the length → MOVE, which is where the object appears. */
export async function putObject(
  target: Target,
  key: string,
  body: Readable | Uint8Array,
  { ifAbsent = false }: PutOptions,
  ctx: Context,
): Promise<{ bytes: number }> {
  const { server, collections } = target
  const purpose: Purpose = { text: `put the object ${key}`, writes: true }
  const counted = countedBody(body)
  using place = newIncoming(ctx)
  let isUploading = false
  try {
    checkKey(key)
    ctx.signal.throwIfAborted()
    const found = await look(server, key, purpose, ctx.signal)
    // To replace it would take along all that lies in it.
    if (found?.isCollection) throw new AngeeError('BACKEND_FAILED', `${key} is the beginning of other keys`)
    if (found && ifAbsent) throw exists(key)
    await collections.make(incoming, ctx)
    isUploading = true
    await upload(server, place.path, counted, purpose, ctx)
    await publish(target, place.path, key, ifAbsent, purpose, ctx)
    return { bytes: counted.bytes }
  } catch (error) {
    if (isUploading) target.later((own) => remove(server, place.path, own), ctx)
    ctx.signal.throwIfAborted()
    throw counted.failed ? counted.failed.error : failure(server, purpose, error, ctx.signal)
  } finally {
    if (body instanceof Readable) body.destroy()
  }
}

/** See ObjectStore.copy: the server copies to another name, and from there it is a put. */
export async function copyObject(target: Target, from: string, to: string, ctx: Context): Promise<{ bytes: number }> {
  const { server, collections } = target
  const purpose: Purpose = { text: `copy the object ${from} to ${to}`, writes: true }
  checkKey(to)
  using place = newIncoming(ctx)
  try {
    const found = await headObject(server, from, ctx)
    if (found === undefined) throw notFound(from)
    await collections.make(incoming, ctx)
    const headers = { destination: server.addressOf(place.path), overwrite: 'F', depth: '0' }
    const { status } = await askPatiently(server, { method: 'COPY', path: from, headers }, ctx)
    if (status !== 201) throw refusal(server, purpose, status)
    await compareLength(server, place.path, found.bytes, purpose, ctx)
    await publish(target, place.path, to, true, purpose, ctx)
    return found
  } catch (error) {
    target.later((own) => remove(server, place.path, own), ctx)
    throw failure(server, purpose, error, ctx.signal)
  }
}

async function upload(server: Server, path: string, counted: Counted, purpose: Purpose, ctx: Context): Promise<void> {
  const headers = { 'content-type': 'application/octet-stream' }
  const reply = await server.open({ method: 'PUT', path, headers, body: counted.body }, ctx.signal)
  await discard(reply)
  const { statusCode: status = 0 } = reply
  if (![200, 201, 204].includes(status)) throw refusal(server, purpose, status)
  if (!counted.whole) throw new Error('the server answered before it had everything')
  await compareLength(server, path, counted.bytes, purpose, ctx)
}

async function compareLength(
  server: Server,
  path: string,
  bytes: number,
  purpose: Purpose,
  { signal }: Context,
): Promise<void> {
  const stored = await look(server, path, purpose, signal)
  if (stored?.bytes === bytes) return
  throw new AngeeError('BACKEND_FAILED', `${server.url} stored ${stored?.bytes} of ${bytes} bytes`, {
    hint: 'A proxy before the server may cut what it passes on. See its log.',
  })
}

async function publish(
  { server, collections, later }: Target,
  path: string,
  key: string,
  ifAbsent: boolean,
  purpose: Purpose,
  ctx: Context,
): Promise<void> {
  const headers = { destination: server.addressOf(key), overwrite: ifAbsent ? 'F' : 'T' }
  for (let attempt = 1; ; attempt += 1) {
    await collections.make(key.replace(/[^/]+$/, ''), ctx)
    const move = () => askPatiently(server, { method: 'MOVE', path, headers }, ctx)
    const { status } = ifAbsent ? await withMutex(server, later, key, ctx, move) : await move()
    if (status === 201 || status === 204) return
    if (status === 412) throw exists(key)
    // The collection is gone; which number says so differs.
    if (![403, 404, 409].includes(status) || attempt === attempts) throw refusal(server, purpose, status)
    collections.forget()
  }
}
