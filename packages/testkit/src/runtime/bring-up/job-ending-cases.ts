import assert from 'node:assert/strict'
import type { SuiteApi } from '../../api.ts'
import { testContext } from '../../fakes/index.ts'
import { type Behaviour, newMark } from '../behaviour.ts'
import { assertNoneLeft, assertRejectsWithReason } from '../fixture.ts'
import { bringUp, definitionOf, type EmptyStack, type OpenEmptyStack, runJob, startJob, stays } from './fixture.ts'

const reason = new Error('the person pressed Ctrl-C')

/** A job that is cancelled, or whose caller is killed, is ended with what it started. */
export function jobEndingCases({ it }: SuiteApi, open: OpenEmptyStack): void {
  it('abort ends a job, its children and an orphan it started', async () => {
    await using stack = await open()
    const mark = newMark()
    await abortWhenReady(stack, stays(mark), mark)
  })

  it('abort kills a job that ignores SIGTERM', async () => {
    await using stack = await open()
    const mark = newMark()
    await abortWhenReady(stack, { does: 'stay', mark, ignoresTerm: true }, mark)
  })

  it('abort at any moment of the start of a job leaves nothing', async () => {
    await using stack = await open()
    const mark = newMark()
    const { runtime, definition } = await besideAService(stack, stays(mark))
    const before = await stack.remains()
    const starts = [0, 20, 60, 120, 250, 500, 900].map(async (milliseconds) => {
      const stopping = new AbortController()
      const { call } = startJob(runtime, 'job', definition, stopping.signal)
      setTimeout(() => stopping.abort(reason), milliseconds)
      await assertRejectsWithReason(call, reason)
    })
    await Promise.all(starts)
    await assertNoneLeft(stack, mark)
    assert.deepEqual(await stack.remains(), before)
  })

  it('abort ends one job and lets the other go on', async () => {
    await using stack = await open()
    const [one, two] = [newMark(), newMark()] as const
    const definition = definitionOf(stack, [
      stack.workload('job', 'one', stays(one)),
      stack.workload('job', 'two', stays(two)),
    ])
    const runtime = await stack.open()
    await runtime.prepare(definition, testContext())
    const stopping = { one: new AbortController(), two: new AbortController() }
    const first = startJob(runtime, 'one', definition, stopping.one.signal)
    const second = startJob(runtime, 'two', definition, stopping.two.signal)
    await Promise.all([first.ready, second.ready])
    stopping.one.abort(reason)
    await assertRejectsWithReason(first.call, reason)
    await assertNoneLeft(stack, one)
    await assertLives(stack, two)
    stopping.two.abort(reason)
    await assertRejectsWithReason(second.call, reason)
    await assertNoneLeft(stack, two)
  })

  it('the next job sweeps away the job of a process that was killed, and not that of one that lives', async (test) => {
    await using stack = await open()
    if (stack.killDuringJob === undefined) return test.skip('the fixture has no process that could be killed')
    const [lost, living] = [newMark(), newMark()] as const
    const { runtime, definition } = await withLostJob(stack, lost, stack.workload('job', 'living', stays(living)))
    await stack.killDuringJob('lost', definition)
    const stopping = new AbortController()
    const other = startJob(runtime, 'living', definition, stopping.signal)
    await other.ready
    assert.equal((await runJob(runtime, 'quick', definition)).exitCode, 0)
    await assertNoneLeft(stack, lost)
    await assertLives(stack, living)
    stopping.abort(reason)
    await assertRejectsWithReason(other.call, reason)
    await assertNoneLeft(stack, living)
  })

  it('down takes away the job of a process that was killed', async (test) => {
    await using stack = await open()
    if (stack.killDuringJob === undefined) return test.skip('the fixture has no process that could be killed')
    const lost = newMark()
    const { runtime, definition } = await withLostJob(stack, lost)
    await stack.killDuringJob('lost', definition)
    await runtime.down({ volumes: false }, testContext())
    await assertNoneLeft(stack, lost)
    assert.deepEqual(await stack.remains(), [])
  })
}

async function abortWhenReady(stack: EmptyStack, behaviour: Behaviour, mark: string): Promise<void> {
  const { runtime, definition } = await besideAService(stack, behaviour)
  const before = await stack.remains()
  const stopping = new AbortController()
  const { call, ready } = startJob(runtime, 'job', definition, stopping.signal)
  await ready
  stopping.abort(reason)
  await assertRejectsWithReason(call, reason)
  await assertNoneLeft(stack, mark)
  assert.deepEqual(await stack.remains(), before)
}

/** A job `job` in a stack that is up, so that all that its service needs is there before. */
async function besideAService(stack: EmptyStack, behaviour: Behaviour) {
  const app = stack.workload('service', 'app', stays(newMark()))
  const definition = definitionOf(stack, [app, stack.workload('job', 'job', behaviour)])
  const runtime = await stack.open()
  await bringUp(runtime, definition)
  return { runtime, definition }
}

async function withLostJob(stack: EmptyStack, mark: string, ...more: ReturnType<EmptyStack['workload']>[]) {
  const quick = stack.workload('job', 'quick', { does: 'exit', code: 0 })
  const definition = definitionOf(stack, [stack.workload('job', 'lost', stays(mark)), quick, ...more])
  const runtime = await stack.open()
  await runtime.prepare(definition, testContext())
  return { runtime, definition }
}

async function assertLives(stack: EmptyStack, mark: string): Promise<void> {
  const alive = (await stack.processes()).filter((line) => line.includes(mark))
  assert.notDeepEqual(alive, [], 'the job of another call was ended too')
}
