import { join } from 'node:path'
import { type Files, fileStore, isAngeeError, type StackPlace } from '@angee/core'
import { emptyRegistry, parseRegistry, type Registry } from './record.ts'

const key = 'workspaces.json'

/** More writers than ever come at once. */
const attempts = 200

/** Where the workspaces of a stack are written down: what each is, and the ports it has leased. */
export interface WorkspaceRegistry {
  read(): Promise<Registry>
  /**
   * Replaces what is stored by what `change` makes of it, with nothing of other writers lost: it is called again when one
   * of them was first. What it throws goes through, and nothing is changed.
   */
  update(change: (registry: Registry) => Promise<Registry> | Registry): Promise<Registry>
}

export function openRegistry(place: StackPlace, files: Files): WorkspaceRegistry {
  const directory = stateDirectoryOf(place)
  const store = fileStore(directory, files)
  const where = join(directory, key)

  async function current(): Promise<{ registry: Registry; version: string | undefined }> {
    const stored = await store.get(key)
    if (stored === undefined) return { registry: emptyRegistry, version: undefined }
    return { registry: parseRegistry(stored.bytes, where), version: stored.version }
  }

  async function update(change: (registry: Registry) => Promise<Registry> | Registry): Promise<Registry> {
    for (let left = attempts; ; left--) {
      const { registry, version } = await current()
      const changed = await change(registry)
      try {
        await store.put(key, Buffer.from(`${JSON.stringify(changed, null, 2)}\n`), version)
        return changed
      } catch (error) {
        if (!isAngeeError(error, 'STORE_CONFLICT') || left === 0) throw error
      }
    }
  }

  return { read: async () => (await current()).registry, update }
}

/** Registry and locks of the workspaces of a stack. */
export function stateDirectoryOf(place: StackPlace): string {
  return join(place.root, 'run', 'workspaces')
}
