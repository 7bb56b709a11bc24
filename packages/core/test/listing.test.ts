import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lineOf, parseLine } from '../src/catalog/line.ts'
import type { CatalogRecord } from '../src/catalog/record.ts'
import { type CatalogSummary, listSnapshots } from '../src/listing/index.ts'

let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'angee-listing-'))
})
afterEach(() => rm(directory, { recursive: true }))

function recordNumber(index: number, extra: Partial<CatalogRecord> = {}): CatalogRecord {
  return {
    id: `01${String(index).padStart(24, '0')}`,
    labels: {},
    createdAt: '2026-01-05T14:03:00.000Z',
    finishedAt: '2026-01-05T14:03:10.000Z',
    status: 'complete',
    purpose: 'manual',
    stack: 'shop',
    parts: [
      { part: 'persist/app', rawBytes: 10, storedBytes: 3 },
      { part: 'service/db', rawBytes: 20, storedBytes: 4 },
    ],
    warnings: 0,
    location: '/backups',
    ...extra,
  }
}

async function list(text: string): Promise<{ summaries: CatalogSummary[]; damaged: number[] }> {
  await writeFile(join(directory, 'catalog.jsonl'), text)
  const summaries: CatalogSummary[] = []
  return { damaged: listSnapshots(directory, (summary) => summaries.push(summary)), summaries }
}

describe('a list of snapshots', () => {
  it('is empty where there is no catalog', () => {
    expect(listSnapshots(join(directory, 'absent'), () => expect.unreachable())).toEqual([])
  })

  it('says the same of a line as its whole record does', async () => {
    const damagedAt = '2026-11-24T03:00:00.000Z'
    const named = recordNumber(1, {
      name: 'before-upgrade',
      warnings: 2,
      purpose: 'safety',
      status: 'partial',
      damagedAt,
    })
    expect(parseLine(lineOf(named))).toEqual(named)
    const { summaries } = await list(`${lineOf(named)}\n`)
    expect(summaries).toEqual([
      {
        id: named.id,
        name: 'before-upgrade',
        createdAt: named.createdAt,
        status: 'partial',
        purpose: 'safety',
        warnings: 2,
        partCount: 2,
        storedBytes: 7,
        damagedAt,
      },
    ])
    expect((await list(`${JSON.stringify(named)}\n`)).summaries).toEqual(summaries)
  })

  it('holds lines of every length together, whatever the pieces they are read in', async () => {
    const records = Array.from({ length: 300 }, (_, index) =>
      recordNumber(index, { labels: { note: 'ü'.repeat((index * 977) % 50_000) } }),
    )
    const { summaries, damaged } = await list(records.map((record) => `${lineOf(record)}\n`).join(''))
    expect(damaged).toEqual([])
    expect(summaries.map(({ id }) => id)).toEqual(records.map(({ id }) => id))
  })

  it('loses a damaged line and no other', async () => {
    const [first, second, third] = [1, 2, 3].map((index) => lineOf(recordNumber(index)))
    const { summaries, damaged } = await list(`${first}\n\nnonsense\n${second?.slice(0, 250)}\n${third}`)
    expect(summaries.map(({ id }) => Number(id.slice(2)))).toEqual([1, 3])
    expect(damaged).toEqual([3, 4])
  })
})
