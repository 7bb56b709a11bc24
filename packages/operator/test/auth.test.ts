import { chmod, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fakeClock } from '@angee/testkit'
import { describe, expect, it } from 'vitest'
import { allRoutes } from '../src/api/index.ts'
import type { RouteSpec } from '../src/api/route.ts'
import { listTokens, revokeToken, type Scope, scopes } from '../src/index.ts'
import { send } from './support/http.ts'
import { operatorOf, type TestOperator } from './support/operator.ts'
import { pathOf } from './support/routes.ts'
import { makeStack } from './support/stack.ts'

const guarded = allRoutes.filter(({ scope }) => scope !== 'nobody')
/** Scopes that a route does not accept, one by one. */
const tooSmall = guarded.flatMap((route) =>
  scopes
    .filter((scope) => scope !== route.scope && scope !== 'admin' && route.scope !== 'any')
    .map((scope) => ({ route, scope })),
)

const call = (
  operator: TestOperator,
  { method, ...route }: RouteSpec,
  token: string | null,
  over: 'tcp' | 'socket' = 'tcp',
) => operator.send({ method: method.toUpperCase(), path: pathOf({ method, ...route }), token, over })

describe('every route of the document', () => {
  it('but /healthz refuses who has no token, a wrong, an expired or a revoked one, on the socket too', async () => {
    const stack = await makeStack()
    const clock = fakeClock(Date.now())
    const operator = await operatorOf(stack, { clock })
    const expired = await operator.mint(['admin'], { lifetime: 60_000, name: 'short' })
    expect((await operator.send({ path: '/jobs', token: expired })).status).toBe(200)
    clock.advance(60_001)
    const revoked = await operator.mint(['admin'], { name: 'revoked' })
    expect((await operator.send({ path: '/jobs', token: revoked })).status).toBe(200)
    const { store } = await stack.open()
    await revokeToken(store, 'revoked')
    const wrong = `angee_000000000000_${'A'.repeat(43)}`

    expect(guarded.length).toBeGreaterThan(20)
    for (const route of guarded) {
      for (const [what, token] of Object.entries({ none: null, empty: '', wrong, expired, revoked })) {
        for (const over of ['tcp', 'socket'] as const) {
          // More of them than one address may send in a minute.
          clock.advance(60_001)
          const { status, json, headers } = await call(operator, route, token, over)
          expect([route.id, what, status, json?.code]).toEqual([route.id, what, 401, 'UNAUTHENTICATED'])
          expect(json.hint).toBeTruthy()
          expect(headers['www-authenticate']).toBe('Bearer')
        }
      }
    }
    expect((await operator.get('/operations')).json.operations).toEqual([])
    expect(await operator.send({ path: '/healthz', token: null })).toMatchObject({
      status: 200,
      json: { status: 'ok' },
    })
    expect(await operator.send({ path: '/nothing', token: null })).toMatchObject({ status: 401 })
  })

  it('refuses a token of too small a scope, and starts nothing', async () => {
    const operator = await operatorOf(await makeStack())
    const tokens = new Map<Scope, string>()
    for (const scope of scopes) tokens.set(scope, await operator.mint([scope], { name: scope }))
    expect(tooSmall.length).toBeGreaterThan(50)
    for (const { route, scope } of tooSmall) {
      const { status, json } = await call(operator, route, tokens.get(scope) ?? '')
      expect([route.id, scope, status, json.code]).toEqual([route.id, scope, 403, 'FORBIDDEN'])
    }
    expect((await operator.get('/operations')).json.operations).toEqual([])
  })

  it('accepts its own scope', async () => {
    const operator = await operatorOf(await makeStack())
    for (const route of guarded) {
      const token = await operator.mint([route.scope === 'any' || route.scope === 'nobody' ? 'read' : route.scope])
      const { status } = await call(operator, route, token)
      expect([route.id, status]).not.toEqual([route.id, expect.toBeOneOf([401, 403])])
    }
  })
})

describe('tokens', () => {
  it('are kept as digests alone, in a file that nobody else can read', async () => {
    const stack = await makeStack()
    const operator = await operatorOf(stack)
    const token = await operator.mint(['read'], { name: 'reader' })
    const file = join(stack.root, 'run', 'backup', 'operator', 'tokens.json')
    expect(((await stat(file)).mode & 0o777).toString(8)).toBe('600')
    const text = await readFile(file, 'utf8')
    expect(text).toContain('"reader"')
    expect(text).not.toContain(token)
    expect(text).not.toContain(token.slice('angee_000000000000_'.length))
    expect(Buffer.from(token.slice('angee_000000000000_'.length), 'base64url')).toHaveLength(32)
    const { store } = await stack.open()
    expect(JSON.stringify(await listTokens(store))).not.toContain('digest')
  })

  it('restricted to names see and use only snapshots of these names', async () => {
    const operator = await operatorOf(await makeStack())
    for (const name of ['nightly-1', 'secret']) await operator.done('/stack/backup', { name })
    await operator.done('/stack/backup', {})
    const token = await operator.mint(['read', 'backup', 'restore', 'prune'], { names: ['nightly-*'] })
    const as = (method: string, path: string, body?: unknown) => operator.send({ method, path, body, token })
    expect((await as('GET', '/stack/backups')).json.snapshots.map(({ name }: { name: string }) => name)).toEqual([
      'nightly-1',
    ])
    expect((await as('GET', '/stack/backups/nightly-1')).status).toBe(200)
    for (const [method, path, body] of [
      ['GET', '/stack/backups/secret'],
      ['DELETE', '/stack/backups/secret'],
      ['DELETE', '/stack/backups/latest'],
      ['POST', '/stack/backups/secret/verify', {}],
      ['POST', '/stack/backups/verify', { all: true }],
      ['POST', '/stack/backups/secret/copy', {}],
      ['POST', '/stack/backups/secret/drill'],
      ['POST', '/stack/restore/plan', { snapshot: 'secret' }],
      ['POST', '/stack/restore', { snapshot: 'secret' }],
      ['POST', '/stack/backup', { name: 'other' }],
      ['POST', '/stack/backup', {}],
      ['POST', '/stack/backups/reindex'],
      ['POST', '/stack/backups/prune', {}],
    ] as const) {
      const { status, json } = await as(method, path, body)
      expect([path, status, json.code]).toEqual([path, 403, 'FORBIDDEN'])
    }
    const own = await as('POST', '/stack/backup', { name: 'nightly-2' })
    expect(own.status).toBe(202)
    await operator.ended(own.json.id)
    expect((await as('GET', `/operations/${own.json.id}`)).json).toMatchObject({ state: 'succeeded' })
    expect((await as('GET', '/operations')).json.operations.map(({ id }: { id: string }) => id)).toEqual([own.json.id])
  })

  it('that are wrong are limited by the minute, and good ones from the same address still let in', async () => {
    const operator = await operatorOf(await makeStack())
    const statuses: number[] = []
    for (let attempt = 0; attempt < 25; attempt++) {
      statuses.push((await operator.send({ path: '/jobs', token: `wrong-${attempt}` })).status)
    }
    expect(statuses).toEqual([...Array(20).fill(401), ...Array(5).fill(429)])
    const late = await operator.send({ path: '/jobs', token: 'wrong' })
    expect(late).toMatchObject({ json: { code: 'TOO_MANY_REQUESTS', hint: expect.any(String) } })
    expect(Number(late.headers['retry-after'])).toBeGreaterThan(0)
    expect((await operator.get('/jobs')).status).toBe(200)
  })

  it('are limited to more than any client needs, each by itself', async () => {
    const clock = fakeClock(Date.now())
    const operator = await operatorOf(await makeStack(), { clock })
    const greedy = await operator.mint(['read'], { name: 'greedy' })
    const ask = async (amount: number): Promise<Map<number, number>> => {
      const seen = new Map<number, number>()
      for (let done = 0; done < amount; done += 50) {
        const answers = await Promise.all(
          Array.from({ length: 50 }, () => operator.send({ path: '/operations', token: greedy })),
        )
        for (const { status } of answers) seen.set(status, (seen.get(status) ?? 0) + 1)
      }
      return seen
    }
    expect(await ask(2050)).toEqual(
      new Map([
        [200, 2000],
        [429, 50],
      ]),
    )
    expect((await operator.get('/jobs')).status).toBe(200)
    clock.advance(500)
    expect(await ask(50)).toEqual(new Map([[200, 50]]))
    const late = await operator.send({ path: '/operations', token: greedy })
    expect([late.status, late.headers['retry-after'], late.json.code]).toEqual([429, '1', 'TOO_MANY_REQUESTS'])
  })

  it('are not needed on the socket where the owner is allowed, and still are on TCP', async () => {
    const operator = await operatorOf(await makeStack(), { allowOwner: true })
    expect((await operator.send({ path: '/jobs', token: null, over: 'socket' })).status).toBe(200)
    expect((await operator.send({ path: '/jobs', token: null, over: 'tcp' })).status).toBe(401)
    expect((await operator.send({ path: '/jobs', token: 'wrong', over: 'socket' })).status).toBe(401)
  })

  it('can come from a file, that is long enough and that others cannot write', async () => {
    const stack = await makeStack()
    const file = join(stack.root, 'token')
    const token = 'k'.repeat(43)
    await writeFile(file, `${token}\n`, { mode: 0o600 })
    const operator = await operatorOf(stack, { tokenFile: file })
    expect((await operator.send({ path: '/operations', token })).status).toBe(200)
    await operator.stop(0)
    await chmod(file, 0o666)
    await expect(operatorOf(stack, { tokenFile: file })).rejects.toMatchObject({ code: 'USAGE' })
    await writeFile(file, 'short')
    await chmod(file, 0o600)
    await expect(operatorOf(stack, { tokenFile: file })).rejects.toMatchObject({ code: 'USAGE' })
    await expect(operatorOf(stack, { tokenFile: join(stack.root, 'nothing') })).rejects.toMatchObject({ code: 'USAGE' })
  })
})

describe('a page in a browser', () => {
  it.each([
    ['calls a name that was made to lead here', { host: 'evil.example' }],
    ['is of another origin', { origin: 'https://evil.example' }],
    ['is of no origin', { origin: 'null' }],
    ['is of another site', { 'sec-fetch-site': 'cross-site' }],
  ])('that %s is refused, with a good token too', async (_, headers) => {
    const operator = await operatorOf(await makeStack())
    const { status, json } = await operator.send({ method: 'POST', path: '/stack/backup', headers })
    expect([status, json.code]).toEqual([403, 'FORBIDDEN'])
    expect((await operator.get('/operations')).json.operations).toEqual([])
  })

  it('of the operator itself is let in, and of a name that is allowed', async () => {
    const operator = await operatorOf(await makeStack(), { allowedHosts: ['backups.example'] })
    expect((await operator.send({ path: '/jobs', headers: { origin: operator.url } })).status).toBe(200)
    const headers = { host: 'backups.example', origin: 'https://backups.example' }
    expect((await operator.send({ path: '/jobs', headers })).status).toBe(200)
  })
})

describe('listening', () => {
  it('makes a socket that only its owner can open, and removes it at the end', async () => {
    const stack = await makeStack()
    const operator = await operatorOf(stack)
    const path = join(stack.root, 'run', 'operator.sock')
    expect(((await stat(path)).mode & 0o777).toString(8)).toBe('600')
    await operator.stop(0)
    await expect(stat(path)).rejects.toThrow('ENOENT')
  })

  it('refuses an address that others can call while there is no token', async () => {
    const stack = await makeStack()
    const { startOperator } = await import('../src/index.ts')
    const operator = await operatorOf(stack)
    const { ctx } = operator
    await operator.stop(0)
    const { store } = await stack.open()
    for (const { id } of await listTokens(store)) await revokeToken(store, id)
    const options = {
      opening: stack.opening,
      freePorts: async () => [],
      logger: ctx.logger,
      clock: ctx.clock,
      random: ctx.random,
    }
    for (const host of ['0.0.0.0', '::', '192.0.2.1']) {
      await expect(startOperator({ ...options, listen: { host, port: 0 } })).rejects.toMatchObject({
        code: 'USAGE',
        hint: expect.stringContaining('token mint'),
      })
    }
  })

  it('refuses a stack that has an operator, and a path that is taken or too long', async () => {
    const stack = await makeStack()
    const first = await operatorOf(stack)
    await expect(operatorOf(stack)).rejects.toMatchObject({ code: 'LOCKED' })
    const other = await makeStack({ file: 'x' })
    const taken = first.socket.slice('unix:'.length)
    for (const socket of [taken, join(other.root, 'file'), join(other.root, 'x'.repeat(120))]) {
      await expect(operatorOf(other, { socket })).rejects.toMatchObject({ code: 'USAGE', hint: expect.any(String) })
    }
    await expect(
      operatorOf(other, { listen: { host: '127.0.0.1', port: Number(new URL(first.url).port) } }),
    ).rejects.toMatchObject({ code: 'USAGE' })
    expect((await send(first.url, { path: '/healthz' })).status).toBe(200)
  })
})
