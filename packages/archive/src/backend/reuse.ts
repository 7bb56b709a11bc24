import { isDeepStrictEqual } from 'node:util'
import type { Context, PreviousTree, PutResult, StoredPart, TreeSource } from '@angee/core'
import { isAngeeError } from '@angee/core/errors'
import type { Encryption } from '../encryption/encryption.ts'
import type { ObjectStore } from '../object-store/object-store.ts'
import { readStored } from './get.ts'
import { partKey } from './keys.ts'
import { readManifest } from './manifest.ts'
import type { PartTarget } from './put.ts'

/**
 * Stores a tree by copying the part of the snapshot that holds it already. Undefined, and nothing stored, where the store
 * cannot copy, something may have changed, the part would be encrypted otherwise, or what lies there is not whole.
 */
export async function reuseTree(target: PartTarget, tree: TreeSource, ctx: Context): Promise<PutResult | undefined> {
  const { store, part, encryption } = target
  const { previous } = tree
  if (!previous || previous.stored.part !== part || !isEncryptedAlike(previous.stored, encryption)) return undefined
  if (!store.copy || !(await tree.unchanged(ctx)) || !(await isWhole(target, previous, ctx))) return undefined
  if (!(await copyPart(store, target, previous, ctx))) return undefined
  const { stored } = previous
  const entries = Object.values(stored.tree?.entries ?? {}).reduce((sum, count) => sum + count, 0)
  const message = `unchanged since ${previous.id}`
  ctx.onProgress({ type: 'part', part, state: 'progress', bytes: stored.raw.bytes, entries, message })
  return { stored, warnings: [] }
}

/** Whether a part written now would be readable by the same identities. */
function isEncryptedAlike(stored: StoredPart, encryption: Encryption | undefined): boolean {
  return isDeepStrictEqual(stored.encryption?.recipients.toSorted(), encryption?.recipients.toSorted())
}

/**
 * Whether the snapshot still holds the part it was said to hold, and its bytes are what its manifest says. What lies on
 * another machine is not fetched: only its length is compared, once it is copied.
 */
async function isWhole(target: PartTarget, { id, stored }: PreviousTree, ctx: Context): Promise<boolean> {
  const { store, encryption, part } = target
  try {
    const manifest = await readManifest(store, id, ctx)
    if (!manifest.parts.some((one) => isDeepStrictEqual(one, stored))) return false
    if (store.localDirectory === undefined) return true
    await readStored({ store, encryption, key: partKey(id, stored), stored }, ctx)
    return true
  } catch (error) {
    ctx.signal.throwIfAborted()
    if (isAngeeError(error, 'SNAPSHOT_NOT_FOUND')) return false
    const message = `${part} is read in full: snapshot ${id} holds it unchanged, but ${(error as Error).message}`
    ctx.onProgress({ type: 'note', message })
    return false
  }
}

/** False, and nothing left, where it cannot be copied or becomes another length than the manifest says. */
async function copyPart(
  store: ObjectStore,
  { key }: PartTarget,
  { id, stored }: PreviousTree,
  ctx: Context,
): Promise<boolean> {
  try {
    await store.copy?.(partKey(id, stored), key, ctx)
  } catch (error) {
    ctx.signal.throwIfAborted()
    if (isAngeeError(error, 'OBJECT_EXISTS')) throw error
    ctx.logger.debug('a part could not be copied', { key, error: (error as Error).message })
    return false
  }
  if ((await store.head(key, ctx))?.bytes === stored.stored.bytes) return true
  await store.delete(key, ctx)
  return false
}
