import assert from 'node:assert/strict'
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import type { SuiteApi } from '../api.ts'
import { testContext } from '../fakes/index.ts'
import { stalledStream } from '../streams/index.ts'
import { type Behaviour, newMark } from './behaviour.ts'
import { assertNoneLeft, assertRejectsWithReason, type OpenRuntime, type RuntimeFixture } from './fixture.ts'

const reason = new Error('the person pressed Ctrl-C')

/** When the signal aborts, what runs inside is ended before the call rejects with the signal's own reason. */
export function endingCases({ it }: SuiteApi, open: OpenRuntime): void {
  it('abort ends the process, its children and an orphan it started', async () => {
    await using fixture = await open()
    await abortWhenReady(fixture, (mark) => ({ does: 'stay', mark, ignoresTerm: false }))
  })

  it('abort kills what ignores SIGTERM', async () => {
    await using fixture = await open()
    await abortWhenReady(fixture, (mark) => ({ does: 'stay', mark, ignoresTerm: true }))
  })

  it('abort ends what floods stderr', async () => {
    await using fixture = await open()
    await abortWhenReady(fixture, (mark) => ({ does: 'flood-stderr-forever', mark }))
  })

  it('abort ends what waits for a stdin that stands still, and other commands go on', async () => {
    await using fixture = await open()
    const other = newMark()
    const stopping = new AbortController()
    const going = start(fixture, { does: 'stay', mark: other, ignoresTerm: false }, stopping.signal)
    await going.ready
    const stdin = stalledStream(Buffer.from('first'), 5)
    await abortWhenReady(fixture, () => ({ does: 'copy' }), stdin)
    const alive = (await fixture.processes()).filter((line) => line.includes(other))
    assert.ok(alive.length > 0, 'the other command was ended too')
    stopping.abort(reason)
    await assertRejectsWithReason(going.call, reason)
    await assertNoneLeft(fixture, other)
  })

  it('abort at any moment of the start leaves nothing running', async () => {
    await using fixture = await open()
    const mark = newMark()
    const starts = [0, 20, 60, 120, 250].map(async (milliseconds) => {
      const stopping = new AbortController()
      const { call } = start(fixture, { does: 'stay', mark, ignoresTerm: false }, stopping.signal)
      setTimeout(() => stopping.abort(reason), milliseconds)
      await assertRejectsWithReason(call, reason)
    })
    await Promise.all(starts)
    await assertNoneLeft(fixture, mark)
  })

  it('a signal that has aborted already starts nothing', async () => {
    await using fixture = await open()
    const mark = newMark()
    const { call } = start(fixture, { does: 'stay', mark, ignoresTerm: false }, AbortSignal.abort(reason))
    await assertRejectsWithReason(call, reason)
    await assertNoneLeft(fixture, mark)
  })
}

async function abortWhenReady(
  fixture: RuntimeFixture,
  behaviour: (mark: string) => Behaviour,
  stdin?: ReturnType<typeof stalledStream>,
): Promise<void> {
  const mark = newMark()
  const stopping = new AbortController()
  const { call, ready } = start(fixture, behaviour(mark), stopping.signal, stdin)
  await ready
  stopping.abort(reason)
  await assertRejectsWithReason(call, reason)
  await assertNoneLeft(fixture, mark)
}

/** Starts a behaviour; `ready` resolves with its first output. */
function start(
  { runtime, service, command }: RuntimeFixture,
  behaviour: Behaviour,
  signal: AbortSignal,
  stdin?: ReturnType<typeof stalledStream>,
) {
  const stdout = new PassThrough()
  const io = stdin === undefined ? { stdout } : { stdin, stdout }
  const call = runtime.exec(service, command(behaviour), io, {}, testContext({ signal }))
  // A call that ends before its time must fail the case, not leave it waiting.
  const ended = call.then(
    () => Promise.reject(new Error('the command ended by itself')),
    (error: unknown) => Promise.reject(error),
  )
  ended.catch(() => undefined)
  const ready = Promise.race([once(stdout, 'data'), ended])
  ready.catch(() => undefined)
  return { call, ready }
}
