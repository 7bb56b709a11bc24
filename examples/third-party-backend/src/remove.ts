import type { Context } from '@angee/core'
import { failure, type Purpose, refusal } from './errors.ts'
import { checkKey } from './keys.ts'
import { askPatiently } from './locked.ts'
import { look, lookInto } from './look.ts'
import type { Server } from './server.ts'

/** A collection that was empty for this long is of a snapshot that was deleted. Milliseconds. */
const emptyFor = 7 * 24 * 3_600_000

/** See ObjectStore.delete. */
export async function deleteObject(server: Server, key: string, ctx: Context): Promise<void> {
  checkKey(key)
  ctx.signal.throwIfAborted()
  const found = await look(server, key, { text: `delete the object ${key}`, writes: true }, ctx.signal)
  // A DELETE of a collection takes everything in it along: the objects whose keys go on with a slash.
  if (found === undefined || found.isCollection) return
  await remove(server, key, ctx)
}

/** Removes what lies at `path`, a collection with all that is in it. What is gone is gone already. */
export async function remove(server: Server, path: string, ctx: Context): Promise<void> {
  const purpose: Purpose = { text: `delete ${path || 'everything'}`, writes: true }
  try {
    const { status } = await askPatiently(server, { method: 'DELETE', path }, ctx)
    // 207 tells that some of it could not be deleted.
    if (![200, 204, 404].includes(status)) throw refusal(server, purpose, status)
  } catch (error) {
    throw failure(server, purpose, error, ctx.signal)
  }
}

/**
 * Removes collections that have been empty for a week. Not at once, when the last object goes: between looking and
 * deleting another writer may put something there, and it would go along.
 */
export async function removeEmpty(server: Server, ctx: Context, path = '', modified = 0): Promise<void> {
  const found = (await lookInto(server, path, { text: 'look for empty collections', writes: false }, ctx.signal)) ?? []
  const isOld = modified > 0 && ctx.clock.now() - modified > emptyFor
  if (found.length === 0 && isOld) return remove(server, path, ctx)
  for (const { name, isCollection, modified } of found) {
    if (isCollection && !name.includes('~')) await removeEmpty(server, ctx, `${path}${name}/`, modified)
  }
}
