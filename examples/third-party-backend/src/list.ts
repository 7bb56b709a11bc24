import type { Context } from '@angee/core'
import { failure, type Purpose } from './errors.ts'
import { isSegment } from './keys.ts'
import { lookInto } from './look.ts'
import type { Server } from './server.ts'

interface Listed {
  key: string
  bytes: number
}

/** See ObjectStore.list. One collection at a time is asked for and held in memory. */
export async function* listObjects(server: Server, prefix: string, { signal }: Context): AsyncGenerator<Listed> {
  signal.throwIfAborted()
  const nameStart = prefix.lastIndexOf('/') + 1
  const collection = prefix.slice(0, nameStart)
  if (!collection.split('/').slice(0, -1).every(isSegment)) return
  yield* walk(server, collection, prefix.slice(nameStart), signal)
}

/** The objects in `collection` (empty, or with `/` at its end) and below whose names in it begin with `beginning`. */
async function* walk(
  server: Server,
  collection: string,
  beginning: string,
  signal: AbortSignal,
): AsyncGenerator<Listed> {
  const purpose: Purpose = { text: `list ${collection || 'the objects'}`, writes: false }
  const found = (await lookInto(server, collection, purpose, signal)) ?? []
  // With the slash behind a collection the order of the names is that of the whole keys.
  const named = found
    .filter(({ name }) => isSegment(name) && name.startsWith(beginning))
    .map((one) => ({ ...one, name: one.isCollection ? `${one.name}/` : one.name }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const { name, isCollection, bytes } of named) {
    signal.throwIfAborted()
    if (isCollection) yield* walk(server, collection + name, '', signal)
    else if (bytes !== undefined) yield { key: collection + name, bytes }
    else throw failure(server, purpose, new Error(`it does not say how long ${name} is`), signal)
  }
  signal.throwIfAborted()
}
