import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { testContext } from '@angee/testkit'
import { describe, expect, it, onTestFinished } from 'vitest'
import { allRoutes } from '../src/api/index.ts'
import { authzenPermit, type Workspaces } from '../src/index.ts'
import { operatorOf } from './support/operator.ts'
import { makeStack } from './support/stack.ts'

const manifest = `name: shop
backup: { backends: { offsite: { type: localfs, path: ./offsite } } }
persist: { app: { subpath: ./data/app } }
`

interface Asked {
  path: string | undefined
  authorization: string | undefined
  // biome-ignore lint/suspicious/noExplicitAny: whatever was sent
  body: any
}

/** A decision point that answers as it is told. */
async function decisionPoint(answer: (asked: Asked) => { status?: number; body?: string } | 'hang') {
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece)
    const one = {
      path: request.url,
      authorization: request.headers.authorization,
      body: JSON.parse(Buffer.concat(pieces).toString()),
    }
    asked.push(one)
    const reply = answer(one)
    if (reply === 'hang') return
    response.writeHead(reply.status ?? 200, { 'content-type': 'application/json', location: '/elsewhere' })
    response.end(reply.body ?? '{"decision":true}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/pdp/`, asked }
}

/** No workspace is ever made here. */
const workspaces: Workspaces = {
  list: async () => [],
  create: () => Promise.reject(new Error('made')),
  destroy: () => Promise.reject(new Error('destroyed')),
}

async function operatorAsking(url: string, timeout = 2_000) {
  const { logger, clock } = testContext()
  return operatorOf(await makeStack({ 'angee.yaml': manifest }), {
    workspaces,
    permit: authzenPermit({ url, token: 'policy-token', timeout, logger, clock }),
  })
}

describe('a decision point', () => {
  it('is asked before an action with who, what, of which stack and which snapshot', async () => {
    const { url, asked } = await decisionPoint(() => ({}))
    const operator = await operatorAsking(url)
    await operator.done('/stack/backup', { name: 'first', labels: { ticket: '42' } })
    const { json: shown } = await operator.get('/stack/backups/first')
    const { json: plan } = await operator.post('/stack/restore/plan', { snapshot: 'first' })
    await operator.done('/stack/restore', { snapshot: 'first', plan: plan.digest })
    expect(asked.map(({ body }) => body.action.name)).toEqual(['backup', 'show', 'plan', 'restore'])
    expect(asked[0]).toMatchObject({
      path: '/pdp/access/v1/evaluation',
      authorization: 'Bearer policy-token',
      body: {
        subject: { type: 'token', id: expect.any(String), properties: { name: 'test', scopes: ['admin'] } },
        resource: { type: 'stack', id: 'shop', properties: { root: expect.any(String) } },
        context: { snapshot: { name: 'first', labels: { ticket: '42' } } },
      },
    })
    expect(asked[3]?.body.context.snapshot).toMatchObject({
      id: shown.snapshot.id,
      name: 'first',
      labels: { ticket: '42' },
    })
  })

  it('that says no is obeyed, and its reason told', async () => {
    const { url } = await decisionPoint(({ body }) => ({
      body: JSON.stringify({
        decision: body.action.name !== 'backup',
        context: { reason_user: { en: 'not during the sale' } },
      }),
    }))
    const operator = await operatorAsking(url)
    const { status, json } = await operator.post('/stack/backup', { name: 'first' })
    expect([status, json]).toEqual([
      403,
      expect.objectContaining({ code: 'FORBIDDEN', detail: expect.stringContaining('not during the sale') }),
    ])
    expect((await operator.get('/stack/backups')).json.snapshots).toEqual([])
    expect((await operator.get('/operations')).json.operations).toEqual([])
  })

  it.each([
    ['answers 500', () => ({ status: 500 }), 'it answered 500'],
    ['answers 401', () => ({ status: 401 }), 'it answered 401'],
    ['redirects', () => ({ status: 307 }), 'redirect'],
    ['answers no JSON', () => ({ body: 'true' }), 'no decision'],
    ['answers a text for the decision', () => ({ body: '{"decision":"true"}' }), 'no decision'],
    ['answers nothing', () => ({ body: '' }), 'no decision'],
    ['answers without end', () => ({ body: ' '.repeat(1_000_000) }), 'no end'],
    ['does not answer', () => 'hang' as const, 'no answer within'],
  ])('that %s has allowed nothing', async (_, answer, problem) => {
    const { url } = await decisionPoint(answer)
    const operator = await operatorAsking(url, 300)
    const { status, json } = await operator.post('/stack/backup', { name: 'first' })
    expect([status, json.code, json.detail]).toEqual([503, 'POLICY_UNAVAILABLE', expect.stringContaining(problem)])
    expect((await operator.get('/operations')).json.operations).toEqual([])
  })

  it('that is not there has allowed nothing', async () => {
    const operator = await operatorAsking('http://127.0.0.1:1')
    const { status, json } = await operator.post('/stack/backup', {})
    expect([status, json.code]).toEqual([503, 'POLICY_UNAVAILABLE'])
  })

  it('is asked for every action that changes something, and before it is begun', async () => {
    let open = true
    const { url, asked } = await decisionPoint(({ body }) => ({
      body: JSON.stringify({ decision: open || body.action.name === 'plan' }),
    }))
    const operator = await operatorAsking(url)
    const { id } = await operator.done('/stack/backup', { name: 'first' })
    const plan = (await operator.post('/stack/restore/plan', { snapshot: 'first' })).json.digest
    await operator.done('/stack/restore', { snapshot: 'first', plan })
    open = false
    const before = (await operator.get('/operations')).json.operations.length
    const bodies: Record<string, object> = {
      restore: { snapshot: 'first', plan },
      undoRestore: { plan: 'sha256:0' },
      verifyBackups: { all: true },
      copyBackup: { to: 'offsite' },
      runJob: {},
      createWorkspace: { name: 'one', template: 'none' },
    }
    const starting = allRoutes.filter(({ answer, id }) => answer.status === 202 && id !== 'takeBackup')
    expect(starting.length).toBeGreaterThan(12)
    for (const route of starting) {
      const path = route.path.replace('/operations/{id}', `/operations/${id}`).replaceAll(/\{\w+\}/g, 'first')
      const { status, text } = await operator.send({
        method: route.method.toUpperCase(),
        path,
        ...(route.body === undefined ? {} : { body: bodies[route.id] ?? {} }),
      })
      expect([route.id, status, text]).toEqual([route.id, 403, expect.stringContaining('the policy denies')])
    }
    expect((await operator.get('/operations')).json.operations).toHaveLength(before)
    expect(new Set(asked.map(({ body }) => body.action.name)).size).toBeGreaterThan(8)
  })
})
