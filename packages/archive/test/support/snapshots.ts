import type { SnapshotManifest, StoredPart, Warning } from '@angee/core'
import { archiveBackend, treeTools } from '../../src/index.ts'
import { testContext } from './context.ts'
import { memoryStore } from './memory-store.ts'

export const id = '01JDBZ00000000000000000000'

export function manifestOf(parts: StoredPart[], changes: Partial<SnapshotManifest> = {}): SnapshotManifest {
  return {
    format: 1,
    id,
    labels: {},
    createdAt: '2026-01-02T03:04:05.678Z',
    finishedAt: '2026-01-02T03:04:06.678Z',
    status: 'complete',
    purpose: 'manual',
    stack: { name: 'shop', root: '/srv/shop', host: 'here' },
    tool: { name: 'angee', version: '0.0.0' },
    parts,
    missing: [],
    excluded: [],
    warnings: [],
    ...changes,
  }
}

/** A snapshot in memory that holds `directory` as `persist/data`. */
export async function snapshotOf(directory: string, exclude: string[] = []) {
  const store = memoryStore()
  const backend = archiveBackend('memory', store)
  const ctx = testContext()
  await using writer = await backend.begin(manifestOf([]), ctx)
  const { stored, warnings } = await writer.putTree('persist/data', treeTools.source(directory, exclude), ctx)
  await writer.commit(manifestOf([stored]), ctx)
  return { store, backend, ctx, stored, warnings }
}

/** Stores `directory` and extracts it into `into`; gives what was said on both ways. */
export async function roundTrip(directory: string, into: string): Promise<{ stored: StoredPart; warnings: Warning[] }> {
  const { backend, ctx, stored, warnings } = await snapshotOf(directory)
  await using reader = await backend.reader(id, ctx)
  await reader.getTree('persist/data', into, ctx)
  const extracting = ctx.events.flatMap((event) => (event.type === 'warning' ? [event.warning] : []))
  return { stored, warnings: [...warnings, ...extracting] }
}
