import assert from 'node:assert/strict'
import type { SuiteApi } from '../api.ts'
import { testContext } from '../fakes/index.ts'
import {
  assertFails,
  assertRejectsWithReason,
  type OpenRuntime,
  type RuntimeFixture,
  run,
  statusOf,
} from './fixture.ts'

const reason = new Error('the person pressed Ctrl-C')

/** status, start, stop, pause, resume and waitHealthy. */
export function lifecycleCases({ it }: SuiteApi, open: OpenRuntime): void {
  it('preflight names the engine and its version', async () => {
    await using fixture = await open()
    const { engine, version } = await fixture.runtime.preflight(testContext())
    assert.notEqual(engine, '')
    assert.notEqual(version, '')
  })

  it('status has one entry for every service, running or not, and starts nothing', async () => {
    await using fixture = await open()
    const { service, checked, failing } = fixture
    const { state, health, canExec, canStart } = await statusOf(fixture, service)
    assert.deepEqual([state, health, canExec, canStart], ['running', 'none', true, true])
    for (const name of [checked, failing]) {
      assert.ok(['stopped', 'absent'].includes((await statusOf(fixture, name)).state))
      assert.ok(['stopped', 'absent'].includes((await statusOf(fixture, name)).state))
    }
  })

  it('stop resolves when the service has stopped; stopping again, or what was never started, is no error', async () => {
    await using fixture = await open()
    const { runtime, service, failing } = fixture
    await runtime.stop([service], testContext())
    assert.equal((await statusOf(fixture, service)).state, 'stopped')
    await runtime.stop([service], testContext())
    await runtime.stop([failing, service], testContext())
    await runtime.stop([], testContext())
  })

  it('a stopped service runs commands exactly when its status says so', async () => {
    await using fixture = await open()
    await fixture.runtime.stop([fixture.service], testContext())
    const { canExec } = await statusOf(fixture, fixture.service)
    const call = run(fixture, { does: 'exit', code: 3 })
    if (canExec) assert.equal((await call).exitCode, 3)
    else await assertFails(call, 'SERVICE_NOT_RUNNING')
  })

  it('start brings a stopped service back; starting again is no error', async () => {
    await using fixture = await open()
    const { runtime, service } = fixture
    await runtime.stop([service], testContext())
    await runtime.start([service], testContext())
    await runtime.waitHealthy([service], testContext())
    assert.equal((await statusOf(fixture, service)).state, 'running')
    await runtime.start([service], testContext())
    await runtime.start([], testContext())
    assert.equal((await run(fixture, { does: 'exit', code: 3 })).exitCode, 3)
  })

  it('start leaves other services alone', async () => {
    await using fixture = await open()
    const { runtime, service, checked, failing } = fixture
    await runtime.stop([service], testContext())
    await runtime.start([checked], testContext())
    assert.equal((await statusOf(fixture, service)).state, 'stopped')
    assert.ok(['stopped', 'absent'].includes((await statusOf(fixture, failing)).state))
  })

  it('stop, pause and start leave other services alone, also when they are given no name', async () => {
    await using fixture = await open()
    const { runtime, checked } = fixture
    await runtime.start([checked], testContext())
    await runtime.pause([checked], testContext())
    await assertStillRuns(fixture)
    await runtime.stop([checked], testContext())
    await assertStillRuns(fixture)
    await runtime.pause([], testContext())
    await runtime.stop([], testContext())
    await runtime.start([], testContext())
    await assertStillRuns(fixture)
    assert.ok(['stopped', 'absent'].includes((await statusOf(fixture, checked)).state))
  })

  it('pause freezes a running service and resume lets it go on; both may be called twice', async () => {
    await using fixture = await open()
    const { runtime, service } = fixture
    await runtime.resume([service], testContext())
    await runtime.pause([service], testContext())
    await runtime.pause([service], testContext())
    assert.equal((await statusOf(fixture, service)).state, 'paused')
    await runtime.resume([service], testContext())
    await runtime.resume([service], testContext())
    assert.equal((await statusOf(fixture, service)).state, 'running')
    assert.equal((await run(fixture, { does: 'exit', code: 3 })).exitCode, 3)
  })

  it('a paused service can be stopped', async () => {
    await using fixture = await open()
    const { runtime, service } = fixture
    await runtime.pause([service], testContext())
    await runtime.stop([service], testContext())
    assert.equal((await statusOf(fixture, service)).state, 'stopped')
  })

  it('waitHealthy waits for the health check', async () => {
    await using fixture = await open()
    const { runtime, service, checked } = fixture
    await runtime.start([checked], testContext())
    await runtime.waitHealthy([checked, service], testContext())
    const status = await statusOf(fixture, checked)
    assert.deepEqual([status.state, status.health], ['running', 'healthy'])
    await runtime.waitHealthy([], testContext())
  })

  it('waitHealthy fails at once for a service that has ended', async () => {
    await using fixture = await open()
    const { runtime, failing } = fixture
    await runtime.start([failing], testContext())
    await assertFails(runtime.waitHealthy([failing], testContext()), 'SERVICE_NOT_RUNNING')
  })

  it('waitHealthy fails at once for a service that is stopped', async () => {
    await using fixture = await open()
    await fixture.runtime.stop([fixture.service], testContext())
    await assertFails(fixture.runtime.waitHealthy([fixture.service], testContext()), 'SERVICE_NOT_RUNNING')
  })

  it('a waitHealthy that is cancelled rejects with the reason', async () => {
    await using fixture = await open()
    const { runtime, checked } = fixture
    const stopping = new AbortController()
    await runtime.start([checked], testContext())
    const call = runtime.waitHealthy([checked], testContext({ signal: stopping.signal }))
    stopping.abort(reason)
    await assertRejectsWithReason(call, reason)
  })

  it('every call rejects with the reason of a signal that has aborted, and changes nothing', async () => {
    await using fixture = await open()
    const { runtime, service } = fixture
    const ctx = testContext({ signal: AbortSignal.abort(reason) })
    const calls: Promise<unknown>[] = [
      runtime.preflight(ctx),
      runtime.status(ctx),
      runtime.start([service], ctx),
      runtime.stop([service], ctx),
      runtime.pause([service], ctx),
      runtime.resume([service], ctx),
      runtime.waitHealthy([service], ctx),
    ]
    await Promise.all(calls.map((call) => assertRejectsWithReason(call, reason)))
    await assertStillRuns(fixture)
  })
}

async function assertStillRuns(fixture: RuntimeFixture): Promise<void> {
  assert.equal((await statusOf(fixture, fixture.service)).state, 'running')
}
