import type { PartId } from '../contract/index.ts'
import { AngeeError } from '../errors/index.ts'
import type { Store } from '../store/index.ts'

const key = 'last-restore.json'

/** What the last finished restore replaced: what an undo returns to. */
export interface LastRestore {
  /** The id of the restore itself. Absent in what older versions wrote. */
  operation?: string
  snapshot: string
  finishedAt: string
  /** null: everything it replaced was empty, or no safety snapshot was wanted. */
  safety: string | null
  emptyBefore: PartId[]
}

export async function writeLastRestore(store: Store, last: LastRestore): Promise<void> {
  await store.put(key, Buffer.from(JSON.stringify(last)), (await store.get(key))?.version)
}

/** The last restore that has finished here; undefined when none has. */
export async function lastRestore(store: Store): Promise<LastRestore | undefined> {
  const value = await store.get(key)
  return value && (JSON.parse(value.bytes.toString()) as LastRestore)
}

/** NOTHING_TO_UNDO when no restore has finished here, or it left nothing to return to. */
export async function readLastRestore(store: Store): Promise<LastRestore> {
  const last = await lastRestore(store)
  if (last && (last.safety !== null || last.emptyBefore.some((part) => !part.startsWith('service/')))) return last
  throw new AngeeError(
    'NOTHING_TO_UNDO',
    last ? `the restore of ${last.snapshot} left no safety snapshot` : 'no restore has finished in this stack',
    {
      hint: 'Choose a snapshot to restore: angee stack backup ls',
    },
  )
}
