import { Readable } from 'node:stream'
import { treeTools } from '@angee/archive'
import type { BackupBackend, SnapshotReader, SnapshotWriter, TreeSource } from '@angee/core'
import { describe, expect, it } from 'vitest'
import { backendSuite, type MemoryBackend, memoryBackend, wholeStream } from '../src/index.ts'
import { runSuite } from './run-suite.ts'

type Breakage = (backend: MemoryBackend) => Partial<BackupBackend>

/** Backends that break one rule each, and the case that has to notice. */
const broken: Record<string, { breaks: Breakage; caughtBy: RegExp }> = {
  'shows a snapshot before its commit': {
    breaks: (backend) => ({
      async begin(draft, ctx) {
        backend.snapshots.set(draft.id, { manifest: Buffer.of(), manifestDigest: '', parts: new Map() })
        return backend.begin(draft, ctx)
      },
    }),
    caughtBy: /from the commit on and not before/,
  },
  'removes the snapshot when its writer is disposed of': {
    breaks: withWriter((_writer, backend, id) => ({
      async [Symbol.asyncDispose]() {
        backend.snapshots.delete(id)
      },
    })),
    caughtBy: /after its commit leaves the snapshot/,
  },
  'replaces a snapshot of the same id': {
    breaks: withWriter((writer, backend, id) => ({
      async commit(manifest, ctx) {
        backend.snapshots.delete(id)
        return writer.commit(manifest, ctx)
      },
    })),
    caughtBy: /refuses an id a second time/,
  },
  'lets the loser of a race write over the parts of the winner': {
    breaks: withWriter((writer, backend) => ({
      commit: (manifest, ctx) =>
        writer.commit(manifest, ctx).catch((error: unknown) => {
          backend.snapshots.get(manifest.id)?.parts.set('service/db', Buffer.from('mine'))
          throw error
        }),
    })),
    caughtBy: /one wins and its own bytes stay/,
  },
  'compares ids letter by letter': {
    breaks: (backend) => ({
      stat: (id, ctx) => backend.stat(id === id.toUpperCase() ? id : '', ctx),
    }),
    caughtBy: /without regard to case/,
  },
  'stores a cut stream as a whole one': {
    breaks: withWriter((writer) => ({
      putStream: async (part, open, ctx) => {
        const received = await untilItBreaks(open())
        return writer.putStream(part, () => wholeStream(received), ctx)
      },
    })),
    caughtBy: /closes without an end after 1000 bytes/,
  },
  'opens a stream twice': {
    breaks: withWriter((writer) => ({
      putStream(part, open, ctx) {
        open().destroy()
        return writer.putStream(part, open, ctx)
      },
    })),
    caughtBy: /at most once/,
  },
  'reads a cut stream to an early end': {
    breaks: (backend) => ({
      reader: async (id, ctx) => ({
        ...(await backend.reader(id, ctx)),
        getStream: async (part) => wholeStream(backend.snapshots.get(id)?.parts.get(part) ?? Buffer.of()),
      }),
    }),
    caughtBy: /cut in service\/db fails the reader/,
  },
  'ignores what is excluded': {
    breaks: withWriter((writer) => ({
      putTree: (part, tree, ctx) => writer.putTree(part, treeTools.source(tree.directory, []), ctx),
    })),
    caughtBy: /leaves out every excluded/,
  },
  'does not ask whether a tree has changed': {
    breaks: withWriter((writer, backend) => ({
      putTree: (part, tree, ctx) => writer.putTree(part, asInPrevious(tree, backend), ctx),
    })),
    caughtBy: /has changed is stored as it is now/,
  },
  'leaves an unchanged tree with the snapshot that had it first': {
    breaks: withWriter((writer) => ({
      putTree: async (part, tree, ctx) =>
        tree.previous ? { stored: tree.previous.stored, warnings: [] } : writer.putTree(part, tree, ctx),
    })),
    caughtBy: /whole without the snapshot/,
  },
  'merges a tree into what is there': {
    breaks: withReader((reader) => ({
      getTree: async (part, into, ctx) => {
        const { readdir, rename, mkdtemp } = await import('node:fs/promises')
        const beside = await mkdtemp(`${into}-`)
        await reader.getTree(part, beside, ctx)
        for (const name of await readdir(beside)) await rename(`${beside}/${name}`, `${into}/${name}`)
      },
    })),
    caughtBy: /directory that is not empty/,
  },
  'lists a snapshot twice': {
    breaks: (backend) => ({
      async *list(ctx) {
        yield* backend.list(ctx)
        yield* backend.list(ctx)
      },
    }),
    caughtBy: /exactly once/,
  },
  'ends a cancelled listing as if it were whole': {
    breaks: (backend) => ({
      async *list(ctx) {
        try {
          yield* backend.list(ctx)
        } catch {}
      },
    }),
    caughtBy: /listing that is cancelled/,
  },
  'hides the rest behind a damaged manifest': {
    breaks: (backend) => ({
      async *list(ctx) {
        for await (const each of backend.list(ctx)) {
          if ('damaged' in each) return
          yield each
        }
      },
    }),
    caughtBy: /cut in a manifest/,
  },
  'checks lengths only': {
    breaks: (backend) => ({
      async check(id, level) {
        const manifest = JSON.parse(String(backend.snapshots.get(id)?.manifest))
        const parts = manifest.parts.map(({ part }: { part: string }) => ({ part, ok: true }))
        return { id, level, bytesRead: 1, parts: [{ part: 'manifest', ok: true }, ...parts] }
      },
    }),
    caughtBy: /flip in persist\/data is found/,
  },
  'fails to delete what is not there': {
    breaks: (backend) => ({
      async delete(id, ctx) {
        await backend.stat(id, ctx)
        return backend.delete(id, ctx)
      },
    }),
    caughtBy: /twice if asked/,
  },
  'deletes its neighbours': {
    breaks: (backend) => ({
      async delete() {
        backend.snapshots.clear()
      },
    }),
    caughtBy: /leaves the others/,
  },
  'collects what is stored': {
    breaks: (backend) => ({
      async collectGarbage() {
        backend.snapshots.clear()
        return { removed: 0, bytes: 0 }
      },
    }),
    caughtBy: /leaves committed snapshots alone/,
  },
  'commits after it was cancelled': {
    breaks: withWriter((writer) => ({
      commit: (manifest, ctx) => writer.commit(manifest, { ...ctx, signal: new AbortController().signal }),
    })),
    caughtBy: /cancelled before it began/,
  },
}

describe('the backend suite', () => {
  for (const [name, { breaks, caughtBy }] of Object.entries(broken)) {
    it(`fails a backend that ${name}`, async () => {
      const suite = { name, trees: treeTools, open: async () => fixture(breaks) }
      const reports = await runSuite((api) => backendSuite(api, suite), caughtBy)
      expect(reports.map(({ outcome }) => outcome)).toEqual(['failed'])
    })
  }

  it('skips with a reason what the backend and the fixture have no method for', async () => {
    const suite = {
      name: 'bare',
      trees: treeTools,
      open: async () => {
        const { check: _, collectGarbage: __, ...backend } = memoryBackend({ trees: treeTools })
        return { backend, reopen: async () => backend, async [Symbol.asyncDispose]() {} }
      },
    }
    const reports = await runSuite((api) => backendSuite(api, suite), /check|collectGarbage|flip|cut in/)
    expect(new Set(reports.map(({ outcome }) => outcome))).toEqual(new Set(['skipped']))
  })
})

function withWriter(
  change: (writer: SnapshotWriter, backend: MemoryBackend, id: string) => Partial<SnapshotWriter>,
): Breakage {
  return (backend) => ({
    async begin(draft, ctx) {
      const writer = await backend.begin(draft, ctx)
      return { ...writer, ...change(writer, backend, draft.id) }
    },
  })
}

/** The tree that the previous snapshot holds, whatever lies in the directory now. */
function asInPrevious(tree: TreeSource, { snapshots }: MemoryBackend): TreeSource {
  const { previous } = tree
  const summary = previous?.stored.tree
  const bytes = previous && snapshots.get(previous.id)?.parts.get(previous.stored.part)
  if (!summary || !bytes) return tree
  const toTar = () => ({ stream: Readable.from([bytes]), result: Promise.resolve({ summary, warnings: [] }) })
  return { ...tree, toTar }
}

function withReader(change: (reader: SnapshotReader) => Partial<SnapshotReader>): Breakage {
  return (backend) => ({
    async reader(id, ctx) {
      const reader = await backend.reader(id, ctx)
      return { ...reader, ...change(reader) }
    },
  })
}

function fixture(breaks: Breakage) {
  const memory = memoryBackend({ trees: treeTools })
  const backend = { ...memory, ...breaks(memory) }
  return {
    backend,
    reopen: async () => backend,
    async damage(id: string, what: string, how: string) {
      const stored = memory.snapshots.get(id)
      if (stored === undefined) throw new Error(`no snapshot ${id}`)
      if (what === 'manifest') stored.manifest = stored.manifest.subarray(0, -1)
      else {
        const part = what as 'service/db'
        const bytes = Uint8Array.from(stored.parts.get(part) ?? Buffer.of())
        bytes[0] = (bytes[0] ?? 0) ^ 1
        stored.parts.set(part, how === 'cut' ? bytes.subarray(0, -1) : bytes)
      }
    },
    async [Symbol.asyncDispose]() {},
  }
}

async function untilItBreaks(body: Readable): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  try {
    for await (const chunk of body) chunks.push(chunk)
  } catch {}
  return Buffer.concat(chunks)
}
