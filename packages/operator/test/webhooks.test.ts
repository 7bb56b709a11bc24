import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileStore, locateStack, nodeFiles } from '@angee/core'
import { fakeClock, testContext } from '@angee/testkit'
import { Webhook } from 'standardwebhooks'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { testWebhooks } from '../src/index.ts'
import { openRecords } from '../src/operations/records.ts'
import { manifestReader } from '../src/stack/manifest.ts'
import { type CourierOptions, makeCourier } from '../src/webhooks/courier.ts'
import { operatorOf } from './support/operator.ts'
import { type Receiver, receiver } from './support/receiver.ts'
import { makeStack, type TestStack } from './support/stack.ts'

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

const manifest = (webhooks: string, more = ''): string => `name: shop
persist:
  app: { subpath: ./data/app }
backup:
${more}  webhooks:
${webhooks}
`
const hook = (url: string, on = ''): string => `    - { url: "${url}", secret: "\${secret.HOOK}"${on} }`

async function stackTelling(to: Receiver, on = '', more = ''): Promise<TestStack> {
  return makeStack({ 'angee.yaml': manifest(hook(to.url, on), more), '.env': `HOOK=${secret}\n` })
}

const record = (id: string, state = 'failed', at = '2026-01-01T00:00:01.000Z') => ({
  id,
  kind: 'backup' as const,
  state: state as 'failed',
  input: {},
  requestedBy: { token: 'x', name: 'me' },
  createdAt: at,
  startedAt: at,
  endedAt: at,
  warnings: 0,
  result: null,
  error: { code: 'HOOK_FAILED', message: 'the dump failed', context: {} },
})

/** A courier in a world whose clock is turned by hand. */
async function courierOf(stack: TestStack, changes: Partial<CourierOptions> = {}) {
  const clock = (changes.clock as ReturnType<typeof fakeClock>) ?? fakeClock()
  const { logger } = testContext()
  const place = locateStack(stack.root, '/')
  const store = fileStore(join(stack.root, 'run', 'backup'), nodeFiles)
  const tries: string[] = []
  const courier = await makeCourier({
    place,
    store,
    files: nodeFiles,
    manifest: manifestReader(place, nodeFiles),
    records: await openRecords(store),
    random: (bytes) => bytes.fill(0),
    logger,
    timeout: 200,
    onTry: (outcome) => tries.push(outcome),
    ...changes,
    clock,
  })
  const ending = new AbortController()
  const running = courier.run(ending.signal)
  const stop = async (): Promise<void> => {
    ending.abort()
    await running
  }
  onTestFinished(stop)
  const settled = async (amount: number): Promise<void> => {
    await expect.poll(() => tries.length, { timeout: 10_000 }).toBe(amount)
    // Until it waits for the next time, or for something to happen.
    await expect.poll(() => clock.sleepers, { timeout: 10_000 }).toBeGreaterThan(0)
  }
  return { courier, clock, tries, stop, settled, store }
}

describe('a webhook', () => {
  it('is told of what an operation came to, signed so that others verify it', async () => {
    const to = await receiver()
    const operator = await operatorOf(await stackTelling(to))
    const { id, result } = await operator.done('/stack/backup', { name: 'first' })
    await expect.poll(() => to.received.length, { timeout: 10_000 }).toBe(1)
    const [{ headers, body } = { headers: {}, body: '' }] = to.received
    const told = new Webhook(secret).verify(body, headers as Record<string, string>)
    expect(told).toMatchObject({
      type: 'backup.succeeded',
      timestamp: expect.stringMatching(/Z$/),
      data: {
        stack: { name: 'shop', host: expect.any(String) },
        operation: { id, kind: 'backup', state: 'succeeded', error: null, requested_by: { name: 'test' } },
        snapshot: { id: result.snapshot.id, name: 'first', status: 'complete', parts: 1, missing: [] },
      },
    })
    expect(() => new Webhook(secret).verify(`${body} `, headers as Record<string, string>)).toThrow()
  })

  it('is told of failures with their code, and of nothing it did not ask for', async () => {
    const to = await receiver()
    const operator = await operatorOf(await stackTelling(to, ', on: ["*.failed"]'))
    await operator.done('/stack/backup', { name: 'first' })
    await operator.done('/stack/backup', { name: 'first' })
    await expect.poll(() => to.received.length, { timeout: 10_000 }).toBe(1)
    expect(JSON.parse(to.received[0]?.body ?? '')).toMatchObject({
      type: 'backup.failed',
      data: { operation: { error: { code: 'NAME_TAKEN', hint: expect.any(String) } } },
    })
  })

  it('is told once that a schedule is overdue', async () => {
    const to = await receiver()
    const { courier, settled } = await courierOf(await stackTelling(to))
    courier.listener.overdue?.({
      kind: 'backup',
      cron: '0 3 * * *',
      timezone: 'UTC',
      nextAt: null,
      last: null,
      succeededAt: null,
      overdueSince: '2025-12-31T03:00:00.000Z',
    })
    await settled(1)
    expect(JSON.parse(to.received[0]?.body ?? '')).toMatchObject({
      type: 'schedule.overdue',
      data: { schedule: { kind: 'backup', overdue_since: '2025-12-31T03:00:00.000Z' } },
    })
    expect(to.received[0]?.headers['webhook-id']).toBe('msg_overdue_backup_20251231030000000')
  })

  it.each([
    ['an error', 500],
    ['a redirect', 302],
    ['no answer', 'hang'],
  ] as const)('that gives %s is tried again with the same id, later and later', async (_, answer) => {
    const to = await receiver()
    to.answer(answer, { location: to.url })
    const { courier, clock, tries, settled } = await courierOf(await stackTelling(to))
    courier.listener.ended?.(record('01A'))
    await settled(1)
    clock.advance(4_999)
    expect(tries).toEqual(['failed'])
    clock.advance(1)
    await settled(2)
    to.answer(204)
    clock.advance(300_000)
    await settled(3)
    expect(tries).toEqual(['failed', 'failed', 'delivered'])
    expect(courier.pending()).toBe(0)
    expect(new Set(to.received.map(({ headers }) => headers['webhook-id']))).toEqual(new Set(['msg_01A']))
    expect(new Set(to.received.map(({ body }) => body)).size).toBe(1)
  })

  it('is given up after three days, or at once when it says that it is gone', async () => {
    const to = await receiver()
    to.answer(503)
    const { courier, clock, tries, settled } = await courierOf(await stackTelling(to))
    courier.listener.ended?.(record('01A'))
    for (let attempt = 1; attempt <= 10; attempt++) {
      await settled(attempt === 10 ? 10 : attempt)
      clock.advance(86_400_000)
    }
    expect(tries).toEqual([...Array(9).fill('failed'), 'given_up'])
    to.answer(410)
    courier.listener.ended?.(record('01B'))
    await settled(11)
    expect(tries.at(-1)).toBe('given_up')
    expect(courier.pending()).toBe(0)
  })

  it('is left alone as long as it asks for', async () => {
    const to = await receiver()
    to.answer(429, { 'retry-after': '600' })
    const { courier, clock, tries, settled } = await courierOf(await stackTelling(to))
    courier.listener.ended?.(record('01A'))
    await settled(1)
    clock.advance(599_000)
    expect(tries).toEqual(['failed'])
    to.answer(200)
    clock.advance(1_000)
    await settled(2)
    expect(tries.at(-1)).toBe('delivered')
  })

  it('that hangs holds up no other one', async () => {
    const [slow, quick] = [await receiver(), await receiver()]
    slow.answer('hang')
    const stack = await makeStack({
      'angee.yaml': manifest(`${hook(slow.url)}\n${hook(quick.url)}`),
      '.env': `HOOK=${secret}\n`,
    })
    const { courier, settled } = await courierOf(stack)
    courier.listener.ended?.(record('01A'))
    courier.listener.ended?.(record('01B'))
    await settled(4)
    expect(quick.received.map(({ headers }) => headers['webhook-id'])).toEqual(['msg_01A', 'msg_01B'])
    expect(courier.pending()).toBe(2)
  })
})

describe('a message', () => {
  it('that waits is delivered by the next operator', async () => {
    const to = await receiver()
    to.answer(500)
    const stack = await stackTelling(to)
    const first = await courierOf(stack)
    first.courier.listener.ended?.(record('01A'))
    await first.settled(1)
    await first.stop()
    to.answer(200)
    const clock = fakeClock(first.clock.now() + 5_000)
    const second = await courierOf(stack, { clock })
    await second.settled(1)
    expect([second.tries, second.courier.pending()]).toEqual([['delivered'], 0])
  })

  it('that nobody was left to make is made by the next operator, and none twice', async () => {
    const to = await receiver()
    const stack = await stackTelling(to)
    const first = await courierOf(stack)
    first.courier.listener.ended?.(record('01A'))
    await first.settled(1)
    await first.stop()
    const records = await openRecords(first.store)
    // One from before there were webhooks, one that was told, one that was not.
    for (const one of [
      record('009', 'failed', '2025-01-01T00:00:00.000Z'),
      record('01A'),
      record('01B', 'interrupted'),
    ]) {
      await records.write(one)
    }
    const second = await courierOf(stack, { clock: fakeClock(Date.UTC(2026, 0, 2)) })
    await second.settled(1)
    await second.stop()
    await (await courierOf(stack, { clock: fakeClock(Date.UTC(2026, 0, 3)) })).stop()
    const ids = to.received.map(({ headers }) => headers['webhook-id'])
    expect(ids).toEqual(['msg_01A', 'msg_01B'])
  })

  it('is signed with the secret there is when it is sent, and waits while there is none', async () => {
    const to = await receiver()
    const stack = await stackTelling(to)
    await rm(join(stack.root, '.env'))
    vi.stubEnv('HOOK', '')
    const { courier, clock, settled } = await courierOf(stack)
    courier.listener.ended?.(record('01A'))
    await settled(1)
    expect(to.received).toEqual([])
    const kept = await readFile(join(stack.root, 'run/backup/operator/webhooks.json'), 'utf8')
    expect(kept).toContain('backup.webhooks.0.secret names the secret HOOK, which the stack does not have')
    const other = `whsec_${Buffer.alloc(24, 9).toString('base64')}`
    await writeFile(join(stack.root, '.env'), `HOOK='${other}'\n`)
    clock.advance(5_000)
    await settled(2)
    const [{ headers, body } = { headers: {}, body: '' }] = to.received
    // The clock of this world is not that of the verifier.
    vi.setSystemTime(clock.now())
    onTestFinished(() => void vi.useRealTimers())
    expect(() => new Webhook(other).verify(body, headers as Record<string, string>)).not.toThrow()
  })

  it('to a webhook that is no longer declared is dropped', async () => {
    const to = await receiver()
    to.answer(500)
    const stack = await stackTelling(to)
    const { courier, clock } = await courierOf(stack)
    courier.listener.ended?.(record('01A'))
    await expect.poll(() => to.received.length).toBe(1)
    await writeFile(join(stack.root, 'angee.yaml'), 'name: shop\npersist: { app: { subpath: ./data/app } }\n')
    await expect.poll(() => clock.sleepers).toBeGreaterThan(0)
    clock.advance(5_000)
    await expect.poll(() => courier.pending()).toBe(0)
    expect(to.received).toHaveLength(1)
  })

  it('holds no secret, nor does what is kept of it', async () => {
    const to = await receiver()
    to.answer(500)
    const stack = await makeStack({
      'angee.yaml': manifest(hook(`${to.url}?key=\${secret.KEY}`)),
      '.env': `HOOK=${secret}\nKEY=canary-0123456789\n`,
    })
    const { courier, settled } = await courierOf(stack)
    const { registerSecret } = await import('@angee/core')
    registerSecret('canary-0123456789')
    const error = { code: 'HOOK_FAILED', message: 'no login with canary-0123456789', context: {} }
    courier.listener.ended?.({ ...record('01A'), error })
    await settled(1)
    expect(to.received[0]?.body).toContain('no login with [redacted]')
    const kept = await readFile(join(stack.root, 'run/backup/operator/webhooks.json'), 'utf8')
    expect(kept).toContain('HOOK_FAILED')
    expect(kept).not.toContain('canary-0123456789')
    expect(kept).not.toContain(secret.slice(6))
  })

  it('does not wait for ever in a row without end', async () => {
    const to = await receiver()
    to.answer(500)
    const { courier } = await courierOf(await stackTelling(to))
    for (let index = 0; index < 1100; index++) courier.listener.ended?.(record(String(index).padStart(4, '0')))
    await expect.poll(() => courier.pending(), { timeout: 20_000 }).toBe(1000)
  })
})

describe('a test of webhooks', () => {
  it('tells of each whether it took the message', async () => {
    const [good, bad] = [await receiver(), await receiver()]
    bad.answer(404)
    const lines = [hook(good.url), hook(bad.url), `    - { url: "http://127.0.0.1:1/", secret: "\${secret.SHORT}" }`]
    const stack = await makeStack({
      'angee.yaml': manifest(lines.join('\n')),
      '.env': `HOOK=${secret}\nSHORT=hunter2-x\n`,
    })
    const ctx = { ...testContext(), files: nodeFiles }
    expect(await testWebhooks(locateStack(stack.root, '/'), ctx)).toEqual([
      { url: good.url, ok: true, problem: null },
      { url: bad.url, ok: false, problem: 'it answered 404' },
      {
        url: 'http://127.0.0.1:1/',
        ok: false,
        problem: expect.stringContaining('backup.webhooks.2.secret is no signing secret'),
      },
    ])
    expect(JSON.parse(good.received[0]?.body ?? '')).toMatchObject({
      type: 'webhook.test',
      data: { stack: { name: 'shop' } },
    })
  })
})
