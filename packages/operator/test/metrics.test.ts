import { describe, expect, it } from 'vitest'
import { operatorOf, type TestOperator } from './support/operator.ts'
import { makeStack } from './support/stack.ts'

/** Each sample by its name and labels, as a scraper reads them. */
async function scrape(operator: TestOperator): Promise<Map<string, number>> {
  const { status, text, headers } = await operator.get('/metrics')
  expect([status, headers['content-type']]).toEqual([200, expect.stringContaining('version=0.0.4')])
  const samples = new Map<string, number>()
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    // https://prometheus.io/docs/instrumenting/exposition_formats/
    const found = /^([a-zA-Z_:][\w:]*\{(?:\w+="(?:[^"\\\n]|\\.)*",?)*\}) (\S+)$/.exec(line)
    if (!found) throw new Error(`no sample: ${line}`)
    samples.set(
      (found[1] ?? '')
        .replace(/,?stack="shop"/, '')
        .replace('{,', '{')
        .replace('{}', ''),
      Number(found[2]),
    )
  }
  return samples
}

const schedule = `name: shop
persist:
  app: { subpath: ./data/app }
services:
  db: { runtime: container, backup: { dump: dump, restore: restore } }
`

describe('metrics', () => {
  it('tell of the newest snapshot, of operations and of requests', async () => {
    const operator = await operatorOf(await makeStack())
    const before = await scrape(operator)
    expect(before.get('angee_last_success_timestamp_seconds')).toBe(0)
    expect(before.get('angee_operator_ready')).toBe(1)
    const { result } = await operator.done('/stack/backup', { name: 'first' })
    await operator.done('/stack/backup', { name: 'first' })
    await operator.done('/stack/backups/first/verify', { level: 'full' })
    const { snapshot } = (await operator.get('/stack/backups/first')).json
    const after = await scrape(operator)
    const sum = (key: 'raw' | 'stored'): number =>
      snapshot.parts.reduce(
        (total: number, part: Record<string, { bytes: number }>) => total + (part[key]?.bytes ?? 0),
        0,
      )
    expect(result).toBeTruthy()
    expect(Object.fromEntries(after)).toMatchObject({
      angee_last_success_timestamp_seconds: Date.parse(snapshot.created_at) / 1000,
      angee_last_success_raw_bytes: sum('raw'),
      angee_last_success_stored_bytes: sum('stored'),
      angee_last_success_warnings: 0,
      'angee_snapshots{status="complete"}': 1,
      'angee_snapshots{status="damaged"}': 0,
      'angee_operations_total{kind="backup",state="succeeded"}': 1,
      'angee_operations_total{kind="backup",state="failed"}': 1,
      'angee_operation_failures_total{kind="backup",code="NAME_TAKEN"}': 1,
      'angee_operations{state="running"}': 0,
      angee_webhook_messages_pending: 0,
      'angee_http_request_duration_seconds_count{route="takeBackup",status="202"}': 2,
    })
    expect(after.get('angee_oldest_verification_timestamp_seconds')).toBeGreaterThanOrEqual(
      Date.parse(snapshot.created_at) / 1000,
    )
  })

  it('tell of schedules, of those too that never succeeded', async () => {
    const yaml = `${schedule}backup: { schedule: { backup: "0 3 * * *", drill: "@weekly" } }\n`
    const operator = await operatorOf(await makeStack({ 'angee.yaml': yaml }))
    const samples = await scrape(operator)
    expect(samples.get('angee_schedule_next_timestamp_seconds{kind="backup"}')).toBeGreaterThan(Date.now() / 1000)
    expect(samples.get('angee_schedule_last_success_timestamp_seconds{kind="drill"}')).toBe(0)
    expect(samples.get('angee_schedule_overdue{kind="backup"}')).toBe(0)
  })

  it('need a token that may read all', async () => {
    const operator = await operatorOf(await makeStack())
    const restricted = await operator.mint(['read'], { names: ['nightly-*'] })
    const asked = async (token: string | null) => (await operator.send({ path: '/metrics', token })).status
    expect([await asked(null), await asked(await operator.mint(['backup'])), await asked(restricted)]).toEqual([
      401, 403, 403,
    ])
    expect(await asked(await operator.mint(['read']))).toBe(200)
  })

  it('fail as a whole when the catalog cannot be read, so that the scrape counts as failed', async () => {
    const stack = await makeStack()
    const operator = await operatorOf(stack)
    const { mkdir } = await import('node:fs/promises')
    await mkdir(`${stack.root}/run/backup/catalog.jsonl`)
    expect((await operator.get('/metrics')).status).toBeGreaterThanOrEqual(500)
  })
})
