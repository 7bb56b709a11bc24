import { readdir } from 'node:fs/promises'
import { Readable } from 'node:stream'
import {
  AngeeError,
  type BackupBackend,
  type CheckReport,
  type Context,
  type PartId,
  type SnapshotManifest,
  type SnapshotReader,
  type SnapshotWriter,
  type StoredPart,
  snapshotFormat,
  type TreeTools,
} from '@angee/core'
import { digestOf } from '../streams/index.ts'
import { receive, send } from './transfer.ts'

/** A snapshot as the fake keeps it. A test damages it by writing here. */
export interface StoredSnapshot {
  /** JSON, and its digest beside it. */
  manifest: Uint8Array
  manifestDigest: string
  parts: Map<PartId, Uint8Array>
}

export interface MemoryBackendOptions {
  trees: TreeTools
  /** By id. Shared by several backends, it stands for one repository reached by several processes. */
  snapshots?: Map<string, StoredSnapshot>
}

export interface MemoryBackend extends BackupBackend {
  readonly snapshots: Map<string, StoredSnapshot>
}

/** A backend in memory that keeps the contract: trees as tar, streams as they are. */
export function memoryBackend({ trees, snapshots = new Map() }: MemoryBackendOptions): MemoryBackend {
  const find = (id: string, ctx: Context): StoredSnapshot => {
    ctx.signal.throwIfAborted()
    const found = snapshots.get(id.toUpperCase())
    if (found) return found
    throw new AngeeError('SNAPSHOT_NOT_FOUND', `there is no snapshot ${id}`, { context: { id } })
  }

  return {
    type: 'memory',
    location: 'memory',
    capabilities: { encrypts: false, incremental: false, remote: false },
    snapshots,

    async preflight(ctx) {
      ctx.signal.throwIfAborted()
    },

    async begin(_draft, ctx) {
      ctx.signal.throwIfAborted()
      return writeInto(snapshots)
    },

    async stat(id, ctx) {
      return parseManifest(id, find(id, ctx))
    },

    async *list(ctx) {
      ctx.signal.throwIfAborted()
      for (const [id, stored] of snapshots) {
        ctx.signal.throwIfAborted()
        try {
          yield parseManifest(id, stored)
        } catch (error) {
          yield { damaged: true, id, problem: String(error) }
        }
      }
      ctx.signal.throwIfAborted()
    },

    async reader(id, ctx) {
      const stored = find(id, ctx)
      return readFrom(parseManifest(id, stored), stored.parts, trees)
    },

    async delete(id, ctx) {
      ctx.signal.throwIfAborted()
      snapshots.delete(id.toUpperCase())
    },

    async check(id, level, ctx) {
      return { id: id.toUpperCase(), level, ...checkStored(id, find(id, ctx)) }
    },

    async collectGarbage(ctx) {
      ctx.signal.throwIfAborted()
      return { removed: 0, bytes: 0 }
    },

    async [Symbol.asyncDispose]() {},
  }
}

function writeInto(snapshots: Map<string, StoredSnapshot>): SnapshotWriter {
  const parts = new Map<PartId, Uint8Array>()
  const store = (part: PartId, bytes: Uint8Array): Pick<StoredPart, 'part' | 'raw' | 'stored'> => {
    parts.set(part, bytes)
    const digested = { bytes: bytes.length, digest: digestOf(bytes) }
    return { part, raw: digested, stored: digested }
  }

  return {
    async putTree(part, source, ctx) {
      ctx.signal.throwIfAborted()
      const tar = source.toTar(ctx)
      const [bytes, { summary, warnings }] = await Promise.all([receive(tar.stream, ctx.signal), tar.result])
      return { stored: { ...store(part, bytes), kind: 'tree', tree: summary }, warnings }
    },

    async putStream(part, open, ctx) {
      ctx.signal.throwIfAborted()
      return { stored: { ...store(part, await receive(open(), ctx.signal)), kind: 'stream' }, warnings: [] }
    },

    async commit(manifest, ctx) {
      ctx.signal.throwIfAborted()
      const { id } = manifest
      if (snapshots.has(id)) throw new AngeeError('OBJECT_EXISTS', `snapshot ${id} exists`, { context: { id } })
      const bytes = Buffer.from(JSON.stringify(manifest))
      snapshots.set(id, { manifest: bytes, manifestDigest: digestOf(bytes), parts })
    },

    async [Symbol.asyncDispose]() {},
  }
}

function readFrom(
  manifest: SnapshotManifest,
  parts: ReadonlyMap<PartId, Uint8Array>,
  trees: TreeTools,
): SnapshotReader {
  const find = (part: PartId, kind: StoredPart['kind']): { stored: StoredPart; bytes: Uint8Array } => {
    const stored = manifest.parts.find((each) => each.part === part && each.kind === kind)
    if (!stored) throw new AngeeError('PART_UNKNOWN', `snapshot ${manifest.id} holds no ${kind} ${part}`)
    const problem = damageOf(stored, parts.get(part))
    if (problem !== undefined) throw new AngeeError('SNAPSHOT_CORRUPT', `${part} of ${manifest.id}: ${problem}`)
    return { stored, bytes: parts.get(part) ?? Buffer.of() }
  }

  return {
    manifest,

    async getTree(part, into, ctx) {
      ctx.signal.throwIfAborted()
      const { stored, bytes } = find(part, 'tree')
      if ((await readdir(into)).length > 0) throw new AngeeError('RESTORE_CONFLICT', `${into} is not empty`)
      const { digest } = await trees.extract(Readable.from([bytes], { objectMode: false }), into, ctx)
      if (digest === stored.tree?.digest) return
      throw new AngeeError('SNAPSHOT_CORRUPT', `${part} of ${manifest.id} was extracted as another tree`)
    },

    async getStream(part, ctx) {
      ctx.signal.throwIfAborted()
      return send(find(part, 'stream').bytes, ctx.signal)
    },

    async [Symbol.asyncDispose]() {},
  }
}

function parseManifest(id: string, { manifest, manifestDigest }: StoredSnapshot): SnapshotManifest {
  if (digestOf(manifest) !== manifestDigest) {
    throw new AngeeError('SNAPSHOT_CORRUPT', `the manifest of snapshot ${id} is damaged`, { context: { id } })
  }
  const parsed = JSON.parse(String(manifest)) as SnapshotManifest
  if (parsed.format <= snapshotFormat) return parsed
  throw new AngeeError('FORMAT_TOO_NEW', `snapshot ${id} has format ${parsed.format}`, { context: { id } })
}

function checkStored(id: string, stored: StoredSnapshot): Pick<CheckReport, 'bytesRead' | 'parts'> {
  let manifest: SnapshotManifest
  try {
    manifest = parseManifest(id, stored)
  } catch (error) {
    return { bytesRead: stored.manifest.length, parts: [{ part: 'manifest', ok: false, problem: String(error) }] }
  }
  const parts = manifest.parts.map((part) => {
    const problem = damageOf(part, stored.parts.get(part.part))
    return problem === undefined ? { part: part.part, ok: true } : { part: part.part, ok: false, problem }
  })
  const bytesRead = [stored.manifest, ...stored.parts.values()].reduce((sum, bytes) => sum + bytes.length, 0)
  return { bytesRead, parts: [{ part: 'manifest', ok: true }, ...parts] }
}

function damageOf({ stored }: StoredPart, bytes: Uint8Array | undefined): string | undefined {
  if (bytes === undefined) return 'its bytes are gone'
  if (bytes.length !== stored.bytes) return `${bytes.length} bytes instead of ${stored.bytes}`
  if (digestOf(bytes) !== stored.digest) return 'its digest differs'
  return undefined
}
