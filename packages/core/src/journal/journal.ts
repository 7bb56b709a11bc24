import { AngeeError } from '../errors/index.ts'
import type { Store } from '../store/index.ts'

/**
 * The journal of one running operation: a record that is durable before each step that must not be half done.
 * A journal found while holding the stack's lock belongs to a process that died.
 */
export interface Journal<Entry> {
  /** Of the operation. */
  readonly id: string
  readonly entry: Entry
  /** Changes the record durably; when it resolves the step it announces may begin. */
  write(change: Partial<Entry>): Promise<void>
  /** The operation is over and nothing is left to finish. */
  close(): Promise<void>
}

const prefix = 'journal/'

/** Starts (or takes over) the journal of operation `id`. */
export async function openJournal<Entry extends object>(
  store: Store,
  id: string,
  first: Entry,
): Promise<Journal<Entry>> {
  const key = `${prefix}${id}.json`
  let entry = first
  const save = async (): Promise<void> => {
    const present = await store.get(key)
    await store.put(key, Buffer.from(JSON.stringify(entry, undefined, 1)), present?.version)
  }
  await save()
  return {
    id,
    get entry() {
      return entry
    },
    write: async (change) => {
      entry = { ...entry, ...change }
      await save()
    },
    close: () => store.delete(key),
  }
}

/** The journals that lie there, oldest first: with the stack locked, those of operations that were interrupted. */
export async function openJournals<Entry>(store: Store): Promise<{ id: string; entry: Entry }[]> {
  const keys = await store.list(prefix)
  return Promise.all(
    keys.map(async (key) => {
      const id = key.slice(prefix.length, -'.json'.length)
      const value = await store.get(key)
      try {
        return { id, entry: JSON.parse(value?.bytes.toString() ?? '') as Entry }
      } catch (cause) {
        throw new AngeeError('RESTORE_UNFINISHED', `the journal of operation ${id} cannot be read`, {
          hint: `Look at ${key} in the stack's run/backup directory; move it away only when the stack is as it should be.`,
          cause,
        })
      }
    }),
  )
}
