import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { engineSuite, provisionedFact, testContext } from '@angee/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { authzenPermit } from '../src/index.ts'
import { operatorOf } from './support/operator.ts'
import { makeStack } from './support/stack.ts'

/** Whoever may take snapshots of a stack, and whoever may restore it: never the same as who may do all. */
const model = {
  schema_version: '1.1',
  type_definitions: [
    { type: 'token' },
    {
      type: 'stack',
      relations: Object.fromEntries(['backup', 'show', 'plan', 'restore'].map((action) => [action, { this: {} }])),
      metadata: {
        relations: Object.fromEntries(
          ['backup', 'show', 'plan', 'restore'].map((action) => [
            action,
            { directly_related_user_types: [{ type: 'token' }] },
          ]),
        ),
      },
    },
  ],
}

engineSuite('OpenFGA as the decision point', ['openfga'], () => {
  let url = ''
  let stop = async (): Promise<void> => undefined

  beforeAll(async () => {
    const [http, grpc] = [await freePort(), await freePort()]
    const child = spawn(
      provisionedFact('OPENFGA') ?? 'openfga',
      ['run', '--experimentals', 'authzen', '--playground-enabled=false', '--metrics-enabled=false'].concat(
        ['--http-addr', `127.0.0.1:${http}`],
        ['--grpc-addr', `127.0.0.1:${grpc}`],
        ['--log-level', 'error'],
      ),
      { stdio: 'ignore' },
    )
    const ended = once(child, 'exit')
    stop = async () => {
      child.kill('SIGKILL')
      await ended
    }
    url = `http://127.0.0.1:${http}`
    while (
      !(await fetch(`${url}/healthz`).then(
        ({ ok }) => ok,
        () => false,
      ))
    ) {
      if (child.exitCode !== null) throw new Error(`openfga ended with ${child.exitCode}`)
      await sleep(50)
    }
  }, 30_000)
  afterAll(() => stop())

  async function post(path: string, body: object): Promise<Record<string, string>> {
    const answer = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`)
    return JSON.parse(text)
  }

  it('allows what its tuples allow, and nothing once they are gone', async () => {
    const { id: store } = await post('/stores', { name: 'angee' })
    await post(`/stores/${store}/authorization-models`, model)
    const { logger, clock } = testContext()
    const permit = authzenPermit({ url: `${url}/stores/${store}`, timeout: 10_000, logger, clock })
    const operator = await operatorOf(await makeStack(), { permit })

    const refused = await operator.post('/stack/backup', { name: 'first' })
    expect([refused.status, refused.json.detail]).toEqual([403, expect.stringContaining('the policy denies "backup"')])

    const token = (await operator.tokens()).find(({ scopes }) => scopes.includes('admin'))?.id
    const tuple = (relation: string) => ({ user: `token:${token}`, relation, object: 'stack:shop' })
    await post(`/stores/${store}/write`, { writes: { tuple_keys: [tuple('backup'), tuple('plan')] } })
    expect((await operator.done('/stack/backup', { name: 'first' })).state).toBe('succeeded')
    const { json } = await operator.post('/stack/restore/plan', { snapshot: 'first' })
    const restore = { snapshot: 'first', plan: json.digest }
    expect((await operator.post('/stack/restore', restore)).status).toBe(403)

    await post(`/stores/${store}/write`, { writes: { tuple_keys: [tuple('restore')] } })
    expect((await operator.done('/stack/restore', restore)).state).toBe('succeeded')

    await post(`/stores/${store}/write`, { deletes: { tuple_keys: [tuple('backup')] } })
    expect((await operator.post('/stack/backup', {})).status).toBe(403)
    // An action that the model does not know is an error there, and no here.
    const unknown = await operator.post('/stack/backups/prune', {})
    expect([403, 503]).toContain(unknown.status)
  })
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
