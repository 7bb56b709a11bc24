import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { type CatalogRecord, fileStore, newSnapshotId, nodeFiles, replaceCatalog } from '@angee/core'
import { expect, it } from 'vitest'
import { target } from './support/http.ts'
import { operatorOf } from './support/operator.ts'
import { slowStack } from './support/slow.ts'

const clients = 200

/** The text of an answer, over a connection of its own. */
function fetchText(url: string, path: string, token: string, agent: Agent): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` }
    request({ ...target(url), path, headers, agent }, (incoming) => {
      let text = ''
      incoming.setEncoding('utf8').on('data', (piece) => {
        text += piece
      })
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, text }))
      incoming.on('error', reject)
    })
      .on('error', reject)
      .end()
  })
}

it('two hundred clients list ten thousand snapshots and follow a backup: none misses an event, memory stays bounded', async () => {
  const stack = await slowStack('x'.repeat(5_000_000))
  const store = fileStore(join(stack.root, 'run', 'backup'), nodeFiles)
  let moment = Date.UTC(2026, 0, 1)
  const clock = { now: () => moment++, sleep: async () => undefined }
  const records = Array.from({ length: 10_000 }, (_, index): CatalogRecord => {
    const id = newSnapshotId(clock, (bytes) => crypto.getRandomValues(bytes))
    const createdAt = new Date(moment).toISOString()
    const facts = { labels: {}, createdAt, finishedAt: createdAt, status: 'complete', purpose: 'schedule' } as const
    const parts = [{ part: 'persist/app' as const, rawBytes: index, storedBytes: index }]
    return { id, name: `nightly-${index}`, ...facts, stack: 'shop', parts, warnings: 0, location: '/backups' }
  })
  await replaceCatalog(store, records)
  const operator = await operatorOf(stack)
  const token = await operator.mint(['read'])
  const agent = new Agent({ keepAlive: true, maxSockets: clients * 2 })
  const before = process.memoryUsage().rss

  const { json } = await operator.post('/stack/backup')
  await stack.begun
  const following = Array.from({ length: clients }, () =>
    fetchText(operator.url, `/operations/${json.id}/events`, token, agent),
  )
  const times: number[] = []
  const listing = Array.from({ length: clients }, async () => {
    for (let round = 0; round < 3; round++) {
      const begun = performance.now()
      const { status, text } = await fetchText(operator.url, '/stack/backups?limit=100', token, agent)
      times.push(performance.now() - begun)
      expect(status).toBe(200)
      expect(JSON.parse(text).snapshots).toHaveLength(100)
    }
  })
  await Promise.all(listing)
  stack.go()
  const streams = await Promise.all(following)
  expect(await operator.ended(json.id)).toMatchObject({ state: 'succeeded' })

  const whole = (await operator.get(`/operations/${json.id}/events`)).text
  expect(whole).toContain('event: end')
  for (const { text } of streams) expect(text).toBe(whole)
  const grown = (process.memoryUsage().rss - before) / 2 ** 20
  times.sort((a, b) => a - b)
  const at = (share: number): string => `${(times[Math.floor(times.length * share)] ?? 0).toFixed(0)} ms`
  console.log(
    `${times.length} lists by ${clients} clients at once: median ${at(0.5)}, p99 ${at(0.99)}; memory +${grown.toFixed(0)} MiB`,
  )
  // Clients and operator share this process: both together.
  expect(grown).toBeLessThan(400)
  agent.destroy()

  // Page by page, every one of them once.
  const ids: string[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: { snapshots: { id: string }[]; next_cursor: string | null } = (
      await operator.get(`/stack/backups?limit=1000&order=oldest${cursor && `&cursor=${cursor}`}`)
    ).json
    ids.push(...page.snapshots.map(({ id }) => id))
    cursor = page.next_cursor
  }
  expect(ids).toEqual([...records.map(({ id }) => id), json.id].sort())
})
