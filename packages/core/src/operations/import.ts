import type { BackupBackend, Context, SnapshotManifest } from '../contract/index.ts'
import { AngeeError } from '../errors/index.ts'
import type { NamedBackend, Stack } from '../stack/index.ts'
import { checkManifest } from '../transfer/check-manifest.ts'
import { presentIn } from '../transfer/present.ts'
import { refuseInsideScope, refuseOpen } from '../transfer/refuse.ts'
import { transferSnapshot } from '../transfer/transfer.ts'
import { type CopyResult, noteInCatalog, transferring } from './copy.ts'

/** An opened export file. Nothing in it is to be believed before it is verified. @angee/archive opens them. */
export interface ImportFile extends AsyncDisposable {
  /** Holds the one snapshot. Read-only. */
  readonly backend: BackupBackend
  /** The id of the snapshot. */
  readonly id: string
  /** The `angee.yaml` of the stack it was exported from. */
  readonly definition: string
  readonly exportedAt: string
  readonly tool: { name: string; version: string }
  readonly host: string
}

/**
 * Stores the snapshot of an export file in a backend of the stack. Every byte of the file is verified before anything is
 * stored; a snapshot that lies there already is no error. SNAPSHOT_CORRUPT, OBJECT_EXISTS, USAGE.
 */
export async function importSnapshot(
  stack: Stack,
  file: ImportFile,
  to: NamedBackend,
  ctx: Context,
): Promise<CopyResult> {
  await refuseInsideScope(stack, to)
  return transferring(stack, 'import', ctx, async (area) => {
    await using reader = await file.backend.reader(file.id, ctx)
    checkManifest(reader.manifest)
    refuseOpen(file.backend, to.backend, reader.manifest, false)
    await verifyWhole(file.backend, reader.manifest, ctx)
    const present = await presentIn(to.backend, reader.manifest, ctx)
    const manifest = present ?? (await transferSnapshot(reader, to.backend, area, ctx))
    await noteInCatalog(stack, to, manifest, ctx)
    return { outcome: present ? 'present' : 'copied', manifest }
  })
}

/** Reads all of it: the digests of frames say nothing about what comes out of them. */
async function verifyWhole(backend: BackupBackend, { id }: SnapshotManifest, ctx: Context): Promise<void> {
  ctx.onProgress({ type: 'phase', phase: 'verify', message: `verifying ${backend.location}` })
  const report = await backend.check?.(id, 'full', ctx)
  const damaged = report?.parts.find(({ ok }) => !ok)
  if (report && damaged === undefined) return
  throw new AngeeError('SNAPSHOT_CORRUPT', `${backend.location}: ${damaged?.part}: ${damaged?.problem}`, {
    hint: 'Nothing was stored. Export the snapshot again, or take another copy of the file.',
    context: { part: damaged?.part },
  })
}
