import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { OperationRecord } from '../src/index.ts'
import { operatorOf } from './support/operator.ts'
import { slowStack } from './support/slow.ts'
import { makeStack } from './support/stack.ts'

describe('operations', () => {
  it('wait for each other where they change something, in the order they were asked for', async () => {
    const stack = await slowStack()
    const operator = await operatorOf(stack)
    const first = await operator.post('/stack/backup', { name: 'first' })
    const second = await operator.post('/stack/backup', { name: 'second' })
    await stack.begun
    expect((await operator.get(`/operations/${first.json.id}`)).json.state).toBe('running')
    expect((await operator.get(`/operations/${second.json.id}`)).json.state).toBe('queued')
    expect((await operator.get('/readyz')).json).toMatchObject({ status: 'ready', running: 1, queued: 1 })
    stack.go()
    expect(await operator.ended(second.json.id)).toMatchObject({ state: 'succeeded' })
    const [late, early] = (await operator.get('/operations')).json.operations
    expect([early.id, late.id]).toEqual([first.json.id, second.json.id])
    expect(Date.parse(late.started_at)).toBeGreaterThanOrEqual(Date.parse(early.ended_at))
  })

  it('that only read go beside one that writes', async () => {
    const stack = await slowStack()
    const operator = await operatorOf(stack)
    await operator.done('/stack/backup', { name: 'app', only: ['persist/app'] })
    const slow = await operator.post('/stack/backup', {})
    await stack.begun
    expect(await operator.done('/stack/backups/app/verify', {})).toMatchObject({ state: 'succeeded' })
    expect((await operator.get(`/operations/${slow.json.id}`)).json.state).toBe('running')
    stack.go()
    await operator.ended(slow.json.id)
  })

  it('are refused when too many wait, and the rest is done', async () => {
    const stack = await slowStack()
    const operator = await operatorOf(stack)
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => operator.post('/stack/backup', { only: ['persist/app'] })),
    )
    // All but the first wait: it is held up by nothing, so that some may have gone by then.
    const refused = answers.filter(({ status }) => status !== 202)
    expect(refused.length).toBeGreaterThan(0)
    for (const { status, json, headers } of refused) {
      expect([status, json.code]).toEqual([503, 'QUEUE_FULL'])
      expect(headers['retry-after']).toBeTruthy()
    }
    for (const { json } of answers.filter(({ status }) => status === 202)) {
      expect(await operator.ended(json.id)).toMatchObject({ state: 'succeeded' })
    }
  })

  it('can be cancelled while they wait and while they run; what has begun is undone', async () => {
    const stack = await slowStack()
    const operator = await operatorOf(stack)
    const running = await operator.post('/stack/backup', { name: 'running' })
    const waiting = await operator.post('/stack/backup', { name: 'waiting' })
    await stack.begun
    for (const { json } of [waiting, running]) {
      expect((await operator.post(`/operations/${json.id}/cancel`)).status).toBe(202)
      const ended = await operator.ended(json.id)
      expect(ended).toMatchObject({ state: 'cancelled', result: null, error: { code: 'INTERRUPTED' } })
      expect(ended.error.message).toContain('the token "test"')
    }
    expect(stack.calls).toEqual(['before', 'dump', 'after'])
    expect((await operator.get('/stack/backups')).json.snapshots).toEqual([])
    expect(await readdir(join(stack.root, 'run', 'backup', 'journal'))).toEqual([])
    expect(await readFile(join(stack.root, 'run', 'backup', 'lock'), 'utf8')).toBe('')
    const again = await operator.post(`/operations/${running.json.id}/cancel`)
    expect(again).toMatchObject({ status: 409, json: { code: 'OPERATION_ENDED' } })
  })

  it('asked for twice under one key are one; the key is for nothing else', async () => {
    const stack = await makeStack()
    const operator = await operatorOf(stack)
    const key = { 'idempotency-key': 'k1' }
    const body = { name: 'once' }
    const both = await Promise.all([
      operator.post('/stack/backup', body, key),
      operator.post('/stack/backup', body, key),
    ])
    expect(both.map(({ status }) => status)).toEqual([202, 202])
    expect(both[0]?.json.id).toBe(both[1]?.json.id)
    await operator.ended(both[0]?.json.id)
    const late = await operator.post('/stack/backup', body, key)
    expect(late.headers['idempotency-replayed']).toBe('true')
    expect(late.json).toMatchObject({ id: both[0]?.json.id, state: 'succeeded' })
    const other = await operator.post('/stack/backup', { name: 'other' }, key)
    expect(other).toMatchObject({ status: 422, json: { code: 'IDEMPOTENCY_KEY_REUSED' } })
    const token = await operator.mint(['backup'])
    const foreign = await operator.send({ method: 'POST', path: '/stack/backup', body: {}, headers: key, token })
    expect(foreign.json.id).not.toBe(both[0]?.json.id)
    await operator.ended(foreign.json.id)

    await operator.stop(0)
    const next = await operatorOf(stack)
    // Another token asks: of the first operator's administrator nothing is known here.
    expect((await next.get('/operations')).json.operations).toHaveLength(2)
  })

  it('are told of to listeners, which can harm nobody', async () => {
    const told: string[] = []
    const note = (what: string) => (record: OperationRecord) => void told.push(`${what} ${record.kind} ${record.state}`)
    const listener = { queued: note('queued'), started: note('started'), ended: note('ended') }
    const broken = {
      queued: () => {
        throw new Error('a listener fails')
      },
    }
    const operator = await operatorOf(await makeStack(), { listeners: [broken, listener] })
    expect(await operator.done('/stack/backup')).toMatchObject({ state: 'succeeded' })
    expect(told).toEqual(['queued backup queued', 'started backup running', 'ended backup succeeded'])
  })

  it('ask the policy before they are taken on', async () => {
    const asked: string[] = []
    const stack = await makeStack()
    const { AngeeError } = await import('@angee/core')
    const operator = await operatorOf(stack, {
      permit: async ({ action, principal, snapshot }) => {
        asked.push(`${principal.name}: ${action} ${snapshot?.name ?? ''}`)
        if (action === 'remove') throw new AngeeError('FORBIDDEN', 'not today', { hint: 'Ask tomorrow.' })
      },
    })
    await operator.done('/stack/backup', { name: 'kept' })
    const refused = await operator.send({ method: 'DELETE', path: '/stack/backups/kept' })
    expect(refused).toMatchObject({ status: 403, json: { detail: 'not today' } })
    expect(asked).toEqual(['test: backup kept', 'test: remove kept'])
  })

  it('that fail say why, and one that finds damage says where', async () => {
    const stack = await makeStack()
    const operator = await operatorOf(stack)
    const taken = await operator.done('/stack/backup', { name: 'first' })
    expect(await operator.done('/stack/backup', { name: 'first' })).toMatchObject({
      state: 'failed',
      error: { code: 'NAME_TAKEN', hint: expect.any(String) },
    })
    const part = join(stack.root, 'backups', 'snapshots', taken.id, 'parts', 'persist.uploads.tar.zst')
    const bytes = await readFile(part)
    bytes[40] = (bytes[40] ?? 0) ^ 1
    await writeFile(part, bytes)
    const verified = await operator.done('/stack/backups/first/verify', {})
    expect(verified).toMatchObject({ state: 'failed', error: { code: 'SNAPSHOT_CORRUPT' }, result: { ok: false } })
    expect(verified.result.snapshots[0].parts.filter(({ ok }: { ok: boolean }) => !ok)).toMatchObject([
      { part: 'persist/uploads' },
    ])
    const plan = await operator.post('/stack/restore/plan', { snapshot: 'first' })
    const restored = await operator.done('/stack/restore', { snapshot: 'first', plan: plan.json.digest })
    expect(restored).toMatchObject({ state: 'failed', error: { code: 'SNAPSHOT_CORRUPT' } })
  })

  it('restore nothing but what was agreed to: a plan that changed while it waited is refused', async () => {
    const stack = await slowStack()
    const operator = await operatorOf(stack)
    await operator.done('/stack/backup', { name: 'app', only: ['persist/app'] })
    const body = { snapshot: 'app', only: ['persist/app'] }
    const plan = await operator.post('/stack/restore/plan', body)
    const slow = await operator.post('/stack/backup', {})
    await stack.begun
    const waiting = await operator.post('/stack/restore', { ...body, plan: plan.json.digest })
    expect(waiting.status).toBe(202)
    await stack.write({ 'data/app/one.txt': 'changed' })
    const { rm } = await import('node:fs/promises')
    await rm(join(stack.root, 'data', 'app'), { recursive: true })
    stack.go()
    await operator.ended(slow.json.id)
    const ended = await operator.ended(waiting.json.id)
    expect(ended).toMatchObject({ state: 'failed', error: { code: 'PLAN_NOT_CONFIRMED' } })
    await expect(readdir(join(stack.root, 'data', 'app'))).rejects.toThrow('ENOENT')
  })
})

describe('the end of the operator', () => {
  it('cancels what waits, gives what runs its time, and answers until then', async () => {
    const stack = await slowStack()
    const operator = await operatorOf(stack)
    const running = await operator.post('/stack/backup', { name: 'running' })
    const waiting = await operator.post('/stack/backup', { name: 'waiting' })
    await stack.begun
    const stopped = operator.stop(60_000)
    expect(await operator.ended(waiting.json.id)).toMatchObject({ state: 'cancelled' })
    expect(await operator.post('/stack/backup', {})).toMatchObject({ status: 503, json: { code: 'OPERATOR_STOPPING' } })
    expect(await operator.get('/readyz')).toMatchObject({ status: 503, json: { code: 'OPERATOR_STOPPING' } })
    stack.go()
    expect(await operator.ended(running.json.id)).toMatchObject({ state: 'succeeded' })
    await stopped
    await expect(operator.get('/healthz')).rejects.toThrow(/ECONNREFUSED|hang up/)
  })

  it('cancels what runs when its time is over, and ends its hooks', async () => {
    const stack = await slowStack()
    const operator = await operatorOf(stack)
    const { json } = await operator.post('/stack/backup', {})
    await stack.begun
    await operator.stop(0)
    expect(stack.calls).toEqual(['before', 'dump', 'after'])
    const next = await operatorOf(stack)
    expect((await next.get(`/operations/${json.id}`)).json).toMatchObject({
      state: 'cancelled',
      error: { message: expect.stringContaining('the end of the operator') },
    })
  })
})
