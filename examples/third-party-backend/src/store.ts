import type { ObjectStore } from '@angee/archive'
import { AngeeError, type Context } from '@angee/core'
import { collectionsOf } from './collections.ts'
import { failure, type Purpose, refusal } from './errors.ts'
import { getObject, headObject } from './get.ts'
import { collectIncoming, newIncoming } from './incoming.ts'
import { incoming } from './keys.ts'
import { laterWork } from './later.ts'
import { listObjects } from './list.ts'
import type { WebdavOptions } from './options.ts'
import { copyObject, putObject } from './put.ts'
import { deleteObject, remove, removeEmpty } from './remove.ts'
import { connect, type Server } from './server.ts'

/** Objects as files on a WebDAV server: the object `a/b` is the file `a/b` below the address in the options. */
export function webdavObjectStore(options: WebdavOptions): ObjectStore {
  const server = connect(options)
  const collections = collectionsOf(server)
  const { later, done } = laterWork()
  const target = { server, collections, later }

  return {
    location: server.url,
    remote: true,
    put: (key, body, how, ctx) => putObject(target, key, body, how, ctx),
    copy: (from, to, ctx) => copyObject(target, from, to, ctx),
    get: (key, range, ctx) => getObject(server, key, range, ctx),
    head: (key, ctx) => headObject(server, key, ctx),
    list: (prefix, ctx) => listObjects(server, prefix, ctx),
    delete: (key, ctx) => deleteObject(server, key, ctx),
    async preflight(ctx) {
      await collections.make(incoming, ctx)
      await probe(server, ctx)
    },
    async collectGarbage(ctx) {
      const report = await collectIncoming(server, ctx)
      await removeEmpty(server, ctx)
      collections.forget()
      return report
    },
    async [Symbol.asyncDispose]() {
      await done()
      server.close()
    },
  }
}

/** Stores a few bytes, reads them back and removes them. */
async function probe(server: Server, ctx: Context): Promise<void> {
  const purpose: Purpose = { text: 'store anything', writes: true }
  using place = newIncoming(ctx)
  const { path } = place
  const written = Buffer.from(ctx.random(new Uint8Array(32))).toString('hex')
  try {
    const { status } = await server.ask({ method: 'PUT', path, body: written }, ctx.signal)
    if (![200, 201, 204].includes(status)) throw refusal(server, purpose, status)
    const { body } = await server.ask({ method: 'GET', path }, ctx.signal)
    if (body !== written)
      throw new AngeeError('BACKEND_FAILED', `${server.url} gives back other bytes than it was given`)
  } catch (error) {
    throw failure(server, purpose, error, ctx.signal)
  }
  await remove(server, path, ctx)
}
