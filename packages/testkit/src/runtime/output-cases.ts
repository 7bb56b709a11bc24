import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { isAngeeError } from '@angee/core'
import type { SuiteApi } from '../api.ts'
import { testContext } from '../fakes/index.ts'
import { newMark } from './behaviour.ts'
import { assertNoneLeft, assertRejectsWithReason, type OpenRuntime, run } from './fixture.ts'

const stderrLimit = 64 * 1024

/** What comes out: delivered whole at the reader's pace, or not called a success. */
export function outputCases({ it }: SuiteApi, open: OpenRuntime): void {
  it('a slow stdout gets every byte, and no more at once than it asks for', async () => {
    await using fixture = await open()
    const slow = countingWritable(2)
    const command = fixture.command({ does: 'zeros', bytes: 8_000_000 })
    const result = await fixture.runtime.exec(fixture.service, command, { stdout: slow.stream }, {}, testContext())
    assert.deepEqual([result.exitCode, slow.bytes()], [0, 8_000_000])
    assert.ok(slow.largestBuffer() < 1_000_000, `${slow.largestBuffer()} bytes were waiting in stdout`)
  })

  it('a stdout that pauses for seconds while the process ends still gets every byte', async () => {
    await using fixture = await open()
    // About what the buffers between the process and us can hold: engines drop the rest soon after the process ended.
    const sizes = Array.from({ length: 12 }, (_, step) => 1_650_000 + step * 10_000)
    const deliveries = sizes.map(async (bytes) => {
      const pausing = countingWritable(0, 5_000)
      const command = fixture.command({ does: 'zeros', bytes })
      const result = await fixture.runtime.exec(fixture.service, command, { stdout: pausing.stream }, {}, testContext())
      return { exitCode: result.exitCode, bytes: pausing.bytes() }
    })
    assert.deepEqual(
      await Promise.all(deliveries),
      sizes.map((bytes) => ({ exitCode: 0, bytes })),
    )
  })

  it('when exec resolves, stdout has taken all of it', async () => {
    await using fixture = await open()
    let taken = 0
    const stdout = new Writable({
      highWaterMark: 1,
      async write(chunk: Buffer, _encoding, done) {
        await wait(200)
        taken += chunk.length
        done()
      },
    })
    const command = fixture.command({ does: 'zeros', bytes: 1_000 })
    await fixture.runtime.exec(fixture.service, command, { stdout }, {}, testContext())
    assert.equal(taken + stdout.writableLength, 1_000)
    assert.equal(stdout.writableEnded, false)
  })

  it('a stdout that errors ends the process, and exec rejects with that error', async () => {
    await using fixture = await open()
    const error = new Error('no space left')
    const mark = newMark()
    const stdout = new Writable({ write: (_chunk, _encoding, done) => done(error) })
    stdout.on('error', () => undefined)
    const command = fixture.command({ does: 'stay', mark, ignoresTerm: false })
    const call = fixture.runtime.exec(fixture.service, command, { stdout }, {}, testContext())
    await assertRejectsWithReason(call, error)
    await assertNoneLeft(fixture, mark)
  })

  it('of a flood on stderr the last 64 KiB at most are kept', async () => {
    await using fixture = await open()
    const { exitCode, stderrTail } = await run(fixture, { does: 'flood-stderr', bytes: 30_000_000 })
    assert.equal(exitCode, 4)
    assert.ok(stderrTail.endsWith('last words\n'))
    assert.ok(Buffer.byteLength(stderrTail) <= stderrLimit, `${Buffer.byteLength(stderrTail)} bytes were kept`)
  })

  it('a process left behind that holds stdout open neither hangs exec nor hides a cut output', async () => {
    await using fixture = await open()
    const mark = newMark()
    const outcome = await run(fixture, { does: 'leave-behind', mark }).catch((error: unknown) => error)
    if (isAngeeError(outcome)) {
      assert.equal(outcome.code, 'RUNTIME_FAILED', outcome.message)
      await assertNoneLeft(fixture, mark)
    } else assert.equal((outcome as { stdout?: Buffer }).stdout?.toString(), 'all', String(outcome))
  })
}

/** Takes each chunk after some milliseconds, the first after `firstPause`, and counts. */
function countingWritable(pause: number, firstPause = pause) {
  let bytes = 0
  let largest = 0
  const stream = new Writable({
    highWaterMark: 64 * 1024,
    async write(chunk: Buffer, _encoding, done) {
      largest = Math.max(largest, stream.writableLength)
      await wait(bytes === 0 ? firstPause : pause)
      bytes += chunk.length
      done()
    },
  })
  return { stream, bytes: () => bytes + stream.writableLength, largestBuffer: () => largest }
}
