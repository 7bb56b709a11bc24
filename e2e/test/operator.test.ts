import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { engineSuite } from '@angee/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { angee, main } from '../support/angee.ts'
import { type DatabaseStack, databaseStack, dumpDigest, fill } from '../support/database-stack.ts'

// biome-ignore lint/suspicious/noExplicitAny: answers are what they are
type Answer = any

/** A database stack that is spoken to over REST alone, as a control plane would. */
engineSuite('an operator of a database stack on Docker Compose', ['docker', 'postgres-image'], () => {
  let backups: string
  let stack: DatabaseStack
  let daemon: ChildProcess
  let ended: Promise<number | null>
  let url = ''
  let token = ''

  beforeAll(async () => {
    backups = await mkdtemp(join(tmpdir(), 'angee-backups-'))
    stack = await databaseStack('operated', backups)
    await fill(stack)
    token = (await angee(stack.directory, ['operator', 'token', 'mint', '--scope', 'admin', '-q'])).stdout.trim()
    daemon = spawn(process.execPath, [main, 'operator', '--no-socket', '--listen', '127.0.0.1:0'], {
      cwd: stack.directory,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    ended = new Promise((resolve) => daemon.once('exit', resolve))
    url = await new Promise<string>((resolve, reject) => {
      daemon.stdout?.once('data', (text: Buffer) => resolve(text.toString().trim()))
      daemon.once('exit', () => reject(new Error('the operator has ended')))
    })
  })
  afterAll(async () => {
    daemon.kill('SIGKILL')
    await stack[Symbol.asyncDispose]()
    await rm(backups, { recursive: true })
  })

  async function call(method: string, path: string, body?: unknown): Promise<{ status: number; body: Answer }> {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const answer = await fetch(url + path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: answer.status, body: await answer.json() }
  }

  /** Asks for an operation, follows it to its end, and gives it. */
  async function done(method: string, path: string, body?: unknown): Promise<Answer> {
    const asked = await call(method, path, body)
    expect(asked.status, JSON.stringify(asked.body)).toBe(202)
    const headers = { authorization: `Bearer ${token}` }
    const events = await (await fetch(`${url}/operations/${asked.body.id}/events`, { headers })).text()
    expect(events).toContain('event: end')
    return (await call('GET', `/operations/${asked.body.id}`)).body
  }

  it('snapshots, restores what was lost, undoes that, verifies, and removes', async () => {
    const then = await dumpDigest(stack)
    const taken = await done('POST', '/stack/backup', { name: 'whole' })
    expect(taken).toMatchObject({ state: 'succeeded', error: null, result: { snapshot: { status: 'complete' } } })
    await stack.sql('truncate items')
    expect(await stack.sql('select count(*) from items')).toMatch(/^0\s*$/)
    const lost = await dumpDigest(stack)

    const refused = await call('POST', '/stack/restore', { snapshot: 'whole' })
    expect(refused).toMatchObject({ status: 409, body: { code: 'PLAN_NOT_CONFIRMED' } })
    const plan = refused.body.plan.digest
    expect(await done('POST', '/stack/restore', { snapshot: 'whole', plan })).toMatchObject({ state: 'succeeded' })
    expect(await dumpDigest(stack)).toBe(then)

    const back = (await call('POST', '/stack/restore/plan', { undo: true })).body.digest
    expect(await done('POST', '/stack/restore/undo', { plan: back })).toMatchObject({ state: 'succeeded' })
    expect(await dumpDigest(stack)).toBe(lost)
    const verified = await done('POST', '/stack/backups/verify', { all: true })
    expect(verified).toMatchObject({ state: 'succeeded', result: { ok: true } })
    const status = await call('GET', '/stack/status')
    expect(status.body.services).toContainEqual(expect.objectContaining({ service: 'postgres', state: 'running' }))
    expect(await done('DELETE', '/stack/backups/whole')).toMatchObject({ state: 'succeeded' })
    expect((await call('GET', '/stack/backups/whole')).body.code).toBe('SNAPSHOT_NOT_FOUND')
  })

  it('ends with 0 when it is asked to', async () => {
    daemon.kill('SIGTERM')
    expect(await ended).toBe(0)
  })
})
