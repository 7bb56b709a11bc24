/** Makes one call of the runtime, read from stdin, and is killed in the middle of it. See `killedDuring`. */
import { json } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { openProccompose } from '../src/runtime.ts'

const { call, definition } = (await json(process.stdin)) as {
  call: { up?: string[]; job?: string; down?: boolean }
  // biome-ignore lint/suspicious/noExplicitAny: it came as JSON from the test itself
  definition: any
}
const stack = { ...definition, secrets: new Map(definition.secrets) }
const opening = { options: { token_env: 'PC_API_TOKEN' }, stackRoot: stack.stackRoot, services: [] }
const runtime = openProccompose(opening, process.env)
const ctx = {
  signal: new AbortController().signal,
  clock: { now: () => Date.now(), sleep: (milliseconds: number) => wait(milliseconds) },
  random: (bytes: Uint8Array<ArrayBuffer>) => crypto.getRandomValues(bytes),
  logger: { debug() {}, info() {}, warn() {}, error() {} },
  onProgress() {},
}
if (call.down) await runtime.down({ volumes: false }, ctx)
else await runtime.prepare(stack, ctx)
if (call.up !== undefined) await runtime.up(call.up, stack, ctx)
if (call.job !== undefined) await runtime.runJob(call.job, stack, process.stdout, ctx)
