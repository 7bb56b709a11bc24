import { treeTools } from '@angee/archive'
import { digestOf, fakeClock, memoryBackend, testContext } from '@angee/testkit'
import { it } from 'vitest'
import { replaceCatalog } from '../../src/catalog/index.ts'
import { newSnapshotId, pruneSnapshots, recordOf } from '../../src/index.ts'
import { stackWith } from '../support/stack.ts'

it('perf', async () => {
  const backend = memoryBackend({ trees: treeTools })
  const stack = await stackWith({ default: backend })
  const clock = fakeClock(Date.UTC(2025, 0, 1))
  const ctx = testContext({ clock })
  const records = []
  for (let i = 0; i < 10000; i++) {
    clock.advance(3600e3)
    const id = newSnapshotId(clock, ctx.random)
    const createdAt = new Date(clock.now()).toISOString()
    const d = { bytes: 10, digest: 'sha256:x' }
    const manifest: any = {
      format: 1,
      id,
      createdAt,
      finishedAt: createdAt,
      labels: {},
      status: 'complete',
      purpose: 'schedule',
      stack: { name: 'shop', root: '/', host: 'h' },
      tool: { name: 'a', version: '1' },
      parts: [
        { part: 'service/db', kind: 'stream', raw: d, stored: d },
        { part: 'persist/x', kind: 'tree', raw: d, stored: d },
      ],
      missing: [],
      excluded: [],
      warnings: [],
    }
    const bytes = Buffer.from(JSON.stringify(manifest))
    backend.snapshots.set(id, { manifest: bytes, manifestDigest: digestOf(bytes), parts: new Map() })
    records.push(recordOf(manifest, stack.backend.location))
  }
  await replaceCatalog(stack.store, records)
  let t = performance.now()
  const policy = { keepHourly: 48, keepDaily: 14, keepWeekly: 8, keepMonthly: 12 }
  const dry = await pruneSnapshots(stack, { policy, dryRun: true }, ctx)
  console.log('dry', (performance.now() - t).toFixed(), dry.plan.entries.filter((e) => e.action === 'remove').length)
  t = performance.now()
  const ids = dry.plan.entries
    .filter((e) => e.action === 'remove')
    .slice(0, 200)
    .map((e) => e.id)
  const r = await pruneSnapshots(stack, { policy, agreed: ids }, ctx)
  console.log('removed', r.removed.length, (performance.now() - t).toFixed())
}, 600000)
