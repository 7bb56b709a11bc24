import { join } from 'node:path'
import { treeTools } from '@angee/archive'
import { buildTree, pseudoRandomBytes, readAll, testContext, wholeStream } from '@angee/testkit'
import type { BackupBackend, SnapshotManifest, StoredPart } from '../../src/index.ts'
import { temporary } from './stack.ts'

export const id = '01JDBZ00000000000000000000'
export const dump = pseudoRandomBytes(7, 2_500_000)

/** Commits a snapshot of a tree with links and holes and of a stream of several frames. Gives manifest and tree. */
export async function store(
  backend: BackupBackend,
  changes: Partial<SnapshotManifest> = {},
  bytes: Uint8Array = dump,
): Promise<{ manifest: SnapshotManifest; tree: string }> {
  const ctx = testContext()
  const tree = join(await temporary(), 'tree')
  await buildTree(tree, {
    'a/one': 'one',
    'a/two': {
      type: 'file',
      content: pseudoRandomBytes(3, 100_000),
      mode: 0o640,
      modifiedNs: 1_700_000_000_123_456_789n,
    },
    'a/same': { type: 'hardlink', of: 'a/one' },
    link: { type: 'symlink', target: '../elsewhere' },
    hole: { type: 'hole', bytes: 1 << 20 },
  })
  const draft = { id, createdAt: '2026-01-02T03:04:05.678Z', stack: { name: 'shop', root: '/srv/shop', host: 'here' } }
  await using writer = await backend.begin({ ...draft, ...changes }, ctx)
  const parts: StoredPart[] = [
    (await writer.putTree('persist/files', treeTools.source(tree, []), ctx)).stored,
    (await writer.putStream('service/db', () => wholeStream(bytes), ctx)).stored,
  ]
  const manifest: SnapshotManifest = {
    format: 1,
    ...draft,
    name: 'nightly',
    labels: { ticket: '42' },
    finishedAt: '2026-01-02T03:04:06.678Z',
    status: 'partial',
    purpose: 'schedule',
    tool: { name: 'angee', version: '0.0.0' },
    parts,
    missing: [{ part: 'service/other', message: 'it was down' }],
    excluded: [{ part: 'persist/files', path: 'run', reason: 'run' }],
    warnings: [{ part: 'persist/files', kind: 'vanished', message: 'gone', path: 'a/three' }],
    ...changes,
  }
  await writer.commit(manifest, ctx)
  return { manifest, tree }
}

/** The bytes of the stream part, and where the tree part was extracted. */
export async function contents(backend: BackupBackend, of = id): Promise<{ bytes: Buffer; tree: string }> {
  const ctx = testContext()
  await using reader = await backend.reader(of, ctx)
  const tree = await temporary()
  await reader.getTree('persist/files', tree, ctx)
  return { bytes: await readAll(await reader.getStream('service/db', ctx)), tree }
}

/** The ids that a listing shows, damaged ones too. */
export async function ids(backend: BackupBackend): Promise<string[]> {
  const found: string[] = []
  for await (const snapshot of backend.list(testContext())) found.push(snapshot.id)
  return found
}
