import { Buffer } from 'node:buffer'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { AngeeError, type BackupBackend, type Context, type SnapshotManifest, snapshotFormat } from '@angee/core'
import { tool } from '../version.ts'

const part = 'service/probe'

/**
 * Stores a snapshot of a few bytes and reads it back. Its error says in one line what would otherwise fail every check:
 * a wrong credential, no permission to write, no key to read with.
 */
export async function probe(backend: BackupBackend, ctx: Context): Promise<void> {
  const id = '01HQ3K5XYZABCDEFGH00000000'
  const now = new Date(ctx.clock.now()).toISOString()
  const draft = { id, createdAt: now, stack: { name: 'doctor', root: '/', host: 'doctor' } }
  const bytes = Buffer.from(ctx.random(new Uint8Array(1000)))
  {
    await using writer = await backend.begin(draft, ctx)
    const { stored } = await writer.putStream(part, () => Readable.from([bytes], { objectMode: false }), ctx)
    const manifest: SnapshotManifest = {
      ...draft,
      format: snapshotFormat,
      labels: {},
      finishedAt: now,
      status: 'complete',
      purpose: 'manual',
      tool,
      parts: [stored],
      missing: [],
      excluded: [],
      warnings: [],
    }
    await writer.commit(manifest, ctx)
  }
  await using reader = await backend.reader(id, ctx)
  if (bytes.equals(await buffer(await reader.getStream(part, ctx)))) return
  throw new AngeeError('BACKEND_FAILED', `${backend.location} gives back other bytes than it was given`, {
    hint: 'Trust nothing that is stored there. Take snapshots elsewhere first.',
  })
}
