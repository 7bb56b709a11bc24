import { join } from 'node:path'
import { fileStore, type Logger, nodeFiles } from '@angee/core'
import { type TestContext, testContext } from '@angee/testkit'
import { onTestFinished } from 'vitest'
import {
  listTokens,
  mintToken,
  type Operator,
  type OperatorOptions,
  type Scope,
  startOperator,
} from '../../src/index.ts'
import { type Answer, type Sending, send } from './http.ts'
import type { TestStack } from './stack.ts'

export interface TestOperator extends Operator {
  /** Of the address on TCP. */
  url: string
  socket: string
  ctx: TestContext
  /** With the rights of an administrator unless told otherwise. */
  send(sending: Sending & { token?: string | null; over?: 'tcp' | 'socket' }): Promise<Answer>
  get(path: string): Promise<Answer>
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
  /** Asks for an operation and waits for its end. */
  done(path: string, body?: unknown): Promise<Answer['json']>
  ended(id: string): Promise<Answer['json']>
  tokens(): ReturnType<typeof listTokens>
  mint(scopes: readonly Scope[], more?: { names?: string[]; lifetime?: number; name?: string }): Promise<string>
}

/** An operator of the stack on a port and a socket, which is stopped after the test. */
export async function operatorOf(stack: TestStack, options: Partial<OperatorOptions> = {}): Promise<TestOperator> {
  const ctx = testContext()
  const store = fileStore(join(stack.root, 'run', 'backup'), nodeFiles)
  const mint: TestOperator['mint'] = async (scopes, more = {}) =>
    (await mintToken(store, { name: 'test', scopes, ...more }, ctx)).token
  const admin = await mint(['admin'])
  const logger: Logger = ctx.logger
  const operator = await startOperator({
    opening: stack.opening,
    freePorts: async (amount) => Array.from({ length: amount }, (_, index) => 40_000 + index),
    listen: { host: '127.0.0.1', port: 0 },
    logger,
    clock: ctx.clock,
    random: ctx.random,
    ...options,
  })
  onTestFinished(() => operator.stop(0))
  await operator.recovered
  const url = operator.addresses.find((address) => address.startsWith('http')) ?? ''
  const socket = operator.addresses.find((address) => address.startsWith('unix')) ?? ''
  const one: TestOperator['send'] = ({ token = admin, over = 'tcp', ...sending }) =>
    send(over === 'tcp' ? url : socket, {
      ...sending,
      headers: { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...sending.headers },
    })
  const get: TestOperator['get'] = (path) => one({ path })
  const post: TestOperator['post'] = (path, body, headers = {}) => one({ method: 'POST', path, body, headers })
  const ended: TestOperator['ended'] = async (id) => {
    for (;;) {
      await one({ path: `/operations/${id}/events` })
      const { json } = await get(`/operations/${id}`)
      if (json.state !== 'queued' && json.state !== 'running') return json
    }
  }
  return {
    ...operator,
    url,
    socket,
    ctx,
    send: one,
    get,
    post,
    ended,
    mint,
    tokens: () => listTokens(store),
    done: async (path, body) => {
      const answer = await post(path, body)
      if (answer.status !== 202) throw new Error(`${path}: ${answer.status} ${answer.text}`)
      return ended(answer.json.id)
    },
  }
}
