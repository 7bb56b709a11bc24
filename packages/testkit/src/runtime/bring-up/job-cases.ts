import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import type { SuiteApi } from '../../api.ts'
import { testContext } from '../../fakes/index.ts'
import { type Behaviour, newMark } from '../behaviour.ts'
import { assertFails, assertNoneLeft, assertRejectsWithReason, shellCode } from '../fixture.ts'
import { bringUp, definitionOf, type EmptyStack, type OpenEmptyStack, runJob, stateOf, stays } from './fixture.ts'

/** A job that runs to its end: its exit code, its output, what it does not touch. */
export function jobCases({ it }: SuiteApi, open: OpenEmptyStack): void {
  it('runJob gives the exit code of the job, or the signal that ended it', async () => {
    await using stack = await open()
    for (const code of [0, 3, 255]) assert.equal((await runBehaviour(stack, { does: 'exit', code })).exitCode, code)
    assert.equal(shellCode(await runBehaviour(stack, { does: 'kill-itself' })), 137)
  })

  it('runJob gives what the job wrote to stdout and stderr, and the end of stderr', async () => {
    await using stack = await open()
    const stdout = bytesOf('written to stdout\n')
    const job: Behaviour = { does: 'exit', code: 3, stdout, stderr: 'written to stderr\n' }
    const { output, stderrTail } = await runBehaviour(stack, job)
    assert.ok(output.includes('written to stdout\n'), `output is ${output}`)
    assert.ok(output.includes('written to stderr\n'), `output is ${output}`)
    assert.equal(stderrTail, 'written to stderr\n')
  })

  it('10 MB of output arrive whole, at the pace of the reader', async () => {
    await using stack = await open()
    const { runtime, definition } = await prepared(stack, { does: 'zeros', bytes: 10_000_000 })
    const output = countingWritable(() => 1)
    const { exitCode } = await runtime.runJob('job', definition, output.stream, testContext())
    assert.deepEqual([exitCode, output.bytes()], [0, 10_000_000])
  })

  it('a reader that pauses for seconds while the job ends still gets every byte', async () => {
    await using stack = await open()
    const sizes = [1_300_000, 1_400_000, 1_700_000, 2_000_000]
    const jobs = sizes.map((bytes) => stack.workload('job', `job-${bytes}`, { does: 'zeros', bytes }))
    const definition = definitionOf(stack, jobs)
    const runtime = await stack.open()
    await runtime.prepare(definition, testContext())
    const deliveries = sizes.map(async (size) => {
      const output = countingWritable((taken) => (taken === 0 ? 5_000 : 0))
      const { exitCode } = await runtime.runJob(`job-${size}`, definition, output.stream, testContext())
      return [exitCode, output.bytes()]
    })
    assert.deepEqual(
      await Promise.all(deliveries),
      sizes.map((size) => [0, size]),
    )
  })

  it('a job runs without output to give it to, and without what it depends on', async () => {
    await using stack = await open()
    const app = stack.workload('service', 'app', stays(newMark()))
    const job = stack.workload('job', 'job', { does: 'exit', code: 3, stdout: bytesOf('words') })
    const definition = definitionOf(stack, [app, { ...job, dependsOn: [{ name: 'app', condition: 'started' }] }])
    const runtime = await stack.open()
    await runtime.prepare(definition, testContext())
    assert.equal((await runtime.runJob('job', definition, undefined, testContext())).exitCode, 3)
    assert.notEqual(await stateOf(runtime, 'app'), 'running')
  })

  it('a job leaves nothing behind, not even what it started', async () => {
    await using stack = await open()
    const mark = newMark()
    const app = stack.workload('service', 'app', stays(newMark()))
    const definition = definitionOf(stack, [app, stack.workload('job', 'job', { does: 'leave-behind', mark })])
    const runtime = await stack.open()
    await bringUp(runtime, definition)
    const before = await stack.remains()
    assert.equal((await runJob(runtime, 'job', definition)).output.toString(), 'all')
    await assertNoneLeft(stack, mark)
    assert.deepEqual(await stack.remains(), before)
    assert.equal(await stateOf(runtime, 'app'), 'running')
    const services = (await runtime.status(testContext())).map(({ service }) => service)
    assert.deepEqual(services, ['app'])
  })

  it('the stdin of a job is empty', async () => {
    await using stack = await open()
    const { exitCode, output } = await runBehaviour(stack, { does: 'copy' })
    assert.deepEqual([exitCode, output.length], [0, 0])
  })

  it('two jobs run at once without mixing, and the same one may run twice', async () => {
    await using stack = await open()
    const [a, b] = ['a', 'b'].map((name) =>
      stack.workload('job', name, { does: 'exit', code: 0, stdout: bytesOf(name.repeat(50)) }),
    )
    assert.ok(a && b)
    const definition = definitionOf(stack, [a, b])
    const runtime = await stack.open()
    await runtime.prepare(definition, testContext())
    const runs = await Promise.all(['a', 'b', 'a'].map((name) => runJob(runtime, name, definition)))
    assert.deepEqual(
      runs.map(({ output }) => output.toString()),
      ['a', 'b', 'a'].map((name) => name.repeat(50)),
    )
  })

  it('an output that errors ends the job, and runJob rejects with that error', async () => {
    await using stack = await open()
    const mark = newMark()
    const { runtime, definition } = await prepared(stack, stays(mark))
    const error = new Error('no space left')
    const output = new Writable({ write: (_chunk, _encoding, done) => done(error) })
    output.on('error', () => undefined)
    await assertRejectsWithReason(runtime.runJob('job', definition, output, testContext()), error)
    await assertNoneLeft(stack, mark)
  })

  it('a job that is not there fails', async () => {
    await using stack = await open()
    const { runtime, definition } = await prepared(stack, { does: 'exit', code: 0 })
    await assertFails(runtime.runJob('no-such-job', definition, undefined, testContext()), 'RUNTIME_FAILED')
  })
}

/** A stack of one job, `job`. */
export async function prepared(stack: EmptyStack, behaviour: Behaviour) {
  const definition = definitionOf(stack, [stack.workload('job', 'job', behaviour)])
  const runtime = await stack.open()
  await runtime.prepare(definition, testContext())
  return { runtime, definition }
}

async function runBehaviour(stack: EmptyStack, behaviour: Behaviour) {
  const { runtime, definition } = await prepared(stack, behaviour)
  return runJob(runtime, 'job', definition)
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** Takes each chunk after as many milliseconds as `pause` says, given the bytes taken so far, and counts. */
function countingWritable(pause: (taken: number) => number) {
  let taken = 0
  const stream = new Writable({
    highWaterMark: 64 * 1024,
    async write(chunk: Buffer, _encoding, done) {
      await wait(pause(taken))
      taken += chunk.length
      done()
    },
  })
  return { stream, bytes: () => taken + stream.writableLength }
}
