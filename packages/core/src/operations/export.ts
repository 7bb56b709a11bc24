import { hostname } from 'node:os'
import type { BackupBackend, Context, Digested, PartId, SnapshotManifest, SnapshotReader } from '../contract/index.ts'
import { shareableDefinition } from '../stack/definition.ts'
import type { NamedBackend, Stack } from '../stack/index.ts'
import { refuseOpen } from '../transfer/refuse.ts'
import { transferSnapshot } from '../transfer/transfer.ts'
import { resolveInNamed, transferring } from './copy.ts'

/** What goes into an export file beside the snapshot itself. */
export interface ExportContents {
  manifest: SnapshotManifest
  /** The stack's `angee.yaml` as it is now, without secrets. */
  definition: string
  /** ISO 8601, UTC. */
  exportedAt: string
  tool: { name: string; version: string }
  host: string
  /** How many bytes each part will take, where that is known before it is written. */
  lengths: ReadonlyMap<PartId, number>
  /** A directory for parts whose length is not known before. Absolute; made when it is needed. */
  spool: string
}

/** A file that is being written. Disposing it before it is finished removes it. @angee/archive makes them. */
export interface ExportFile extends AsyncDisposable {
  /** Takes the one snapshot. */
  readonly backend: BackupBackend
  /** Makes the file appear, whole and durable, and gives its length and digest. */
  finish(ctx: Context): Promise<Digested>
}

export interface ExportRequest {
  /** An id, the beginning of one, a name or `latest`, as `from` knows them. */
  snapshot: string
  from: NamedBackend
  /** Write what lies encrypted in `from` in the open. */
  plain?: boolean
}

export interface ExportResult {
  manifest: SnapshotManifest
  /** Of the whole file. */
  file: Digested
}

/**
 * Writes a snapshot into one file, with all it takes to restore it without angee. `create` is called once it is certain
 * that there is something to write. USAGE, SNAPSHOT_NOT_FOUND, SNAPSHOT_CORRUPT and what the file's own errors are.
 */
export async function exportSnapshot(
  stack: Stack,
  { snapshot, from, plain = false }: ExportRequest,
  create: (contents: ExportContents, ctx: Context) => Promise<ExportFile>,
  ctx: Context,
): Promise<ExportResult> {
  return transferring(stack, 'export', ctx, async (area) => {
    await using reader = await from.backend.reader(await resolveInNamed(stack, from, snapshot, ctx), ctx)
    refuseOpen(from.backend, { location: 'the export file', capabilities: { encrypts: false } }, reader.manifest, plain)
    const contents: ExportContents = {
      manifest: reader.manifest,
      definition: await shareableDefinition(stack),
      exportedAt: new Date(ctx.clock.now()).toISOString(),
      tool: stack.tool,
      host: hostname(),
      lengths: knownLengths(reader),
      spool: area.directory,
    }
    await using file = await create(contents, ctx)
    const manifest = await transferSnapshot(reader, file.backend, area, ctx)
    return { manifest, file: await file.finish(ctx) }
  })
}

/** Frames are written as they are. What has to be compressed first takes nobody knows how much. */
function knownLengths({ manifest, getFrames }: SnapshotReader): Map<PartId, number> {
  if (!getFrames) return new Map()
  return new Map(manifest.parts.map(({ part, stored, encryption }) => [part, (encryption?.compressed ?? stored).bytes]))
}
