import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CatalogRecord, fileStore, nodeFiles, replaceCatalog } from '@angee/core'

const main = new URL('../packages/cli/dist/main.js', import.meta.url).pathname
const runs = 31

/** How long a listing of ten thousand snapshots takes, as a multiple of the start of an empty Node process. */
export async function listingRatio(place: string): Promise<string> {
  const root = join(place, 'listing')
  mkdirSync(root)
  writeFileSync(join(root, 'angee.yaml'), 'persist: { data: { subpath: ./data } }\n')
  await replaceCatalog(
    fileStore(join(root, 'run', 'backup'), nodeFiles),
    Array.from({ length: 10_000 }, (_, index) => record(index)),
  )
  const empty: number[] = []
  const listing: number[] = []
  for (let run = 0; run < runs; run++) {
    empty.push(time(['-e', '0']))
    listing.push(time([main, '--root', root, 'stack', 'backup', 'ls']))
  }
  rmSync(root, { recursive: true })
  const middle = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
  const [base, ours] = [middle(empty), middle(listing)]
  return `${ours.toFixed(0)} ms, an empty Node process ${base.toFixed(0)} ms: ratio ${(ours / base).toFixed(2)} (medians of ${runs})`
}

function time(args: string[]): number {
  const started = performance.now()
  const { status } = spawnSync(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 64 << 20 })
  if (status !== 0) throw new Error(`node ${args.join(' ')} exited with ${status}`)
  return performance.now() - started
}

function record(index: number): CatalogRecord {
  const at = new Date(Date.UTC(2024, 0, 1) + index * 3_600_000).toISOString()
  const id = `01${index.toString().padStart(24, '0')}`
  const parts = (['persist/app-data', 'persist/uploads', 'service/postgres'] as const).map((part) => ({
    part,
    rawBytes: 123_456_789,
    storedBytes: 23_456_789,
  }))
  return {
    id,
    labels: { schedule: 'hourly' },
    createdAt: at,
    finishedAt: at,
    status: 'complete',
    purpose: 'manual',
    stack: 'shop',
    parts,
    warnings: 0,
    location: '/srv/backups',
  }
}
