import { treeTools } from '@angee/archive'
import type { PartId } from '@angee/core'
import { describe, it } from 'vitest'
import { backendSuite, type Damage, memoryBackend, type StoredSnapshot } from '../src/index.ts'

backendSuite(
  { describe, it },
  {
    name: 'memory',
    trees: treeTools,
    async open({ trees }) {
      const snapshots = new Map<string, StoredSnapshot>()
      return {
        backend: memoryBackend({ trees, snapshots }),
        reopen: async () => memoryBackend({ trees, snapshots }),
        damage: async (id, what, how) => damage(snapshots, id, what, how),
        async [Symbol.asyncDispose]() {},
      }
    },
  },
)

function damage(snapshots: Map<string, StoredSnapshot>, id: string, what: PartId | 'manifest', how: Damage): void {
  const stored = snapshots.get(id)
  if (stored === undefined) throw new Error(`no snapshot ${id}`)
  if (what === 'manifest') {
    if (how === 'remove') snapshots.delete(id)
    else stored.manifest = damaged(stored.manifest, how)
  } else if (how === 'remove') stored.parts.delete(what)
  else stored.parts.set(what, damaged(stored.parts.get(what) ?? Buffer.of(), how))
}

function damaged(bytes: Uint8Array, how: 'flip' | 'cut'): Uint8Array {
  if (how === 'cut') return bytes.subarray(0, -1)
  const changed = Uint8Array.from(bytes)
  const middle = changed.length >> 1
  changed[middle] = (changed[middle] ?? 0) ^ 1
  return changed
}
