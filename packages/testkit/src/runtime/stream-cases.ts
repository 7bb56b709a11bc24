import assert from 'node:assert/strict'
import type { SuiteApi } from '../api.ts'
import { testContext } from '../fakes/index.ts'
import { cutStream, digestOf, erroringStream, pseudoRandomBytes, stalledStream, wholeStream } from '../streams/index.ts'
import { newMark } from './behaviour.ts'
import { assertNoneLeft, assertRejectsWithReason, type OpenRuntime, run } from './fixture.ts'

/** What goes in: all of it, none of it, a part of it, and what breaks on the way. */
export function streamCases({ it }: SuiteApi, open: OpenRuntime): void {
  it('64 MiB go through stdin and stdout byte for byte', async () => {
    await using fixture = await open()
    const bytes = pseudoRandomBytes(7, 64 * 1024 * 1024)
    const { stdout, exitCode } = await run(fixture, { does: 'copy' }, { stdin: wholeStream(bytes) })
    assert.equal(exitCode, 0)
    assert.equal(stdout.length, bytes.length)
    assert.equal(digestOf(stdout), digestOf(bytes))
  })

  it('every byte value goes through, alone and beside others', async () => {
    await using fixture = await open()
    const bytes = Uint8Array.from({ length: 256 }, (_, value) => value)
    const written = await run(fixture, { does: 'exit', code: 0, stdout: bytes })
    assert.deepEqual([...written.stdout], [...bytes])
    const copied = await run(fixture, { does: 'copy' }, { stdin: wholeStream(bytes, 1) })
    assert.deepEqual([...copied.stdout], [...bytes])
  })

  it('stdin is empty unless given', async () => {
    await using fixture = await open()
    const { exitCode, stdout } = await run(fixture, { does: 'copy' })
    assert.deepEqual([exitCode, stdout.length], [0, 0])
  })

  it('a stdin of no bytes is an empty one', async () => {
    await using fixture = await open()
    const { exitCode, stdout } = await run(fixture, { does: 'copy' }, { stdin: wholeStream(Buffer.of()) })
    assert.deepEqual([exitCode, stdout.length], [0, 0])
  })

  it('a process may end before it has read all of stdin', async () => {
    await using fixture = await open()
    const bytes = pseudoRandomBytes(3, 20 * 1024 * 1024)
    const { exitCode, stdout } = await run(fixture, { does: 'take', bytes: 10 }, { stdin: wholeStream(bytes) })
    assert.equal(exitCode, 0)
    assert.deepEqual([...stdout], [...bytes.subarray(0, 10)])
    const failed = await run(fixture, { does: 'exit', code: 3 }, { stdin: wholeStream(bytes) })
    assert.equal(failed.exitCode, 3)
  })

  it('a process may end while stdin stands still', async () => {
    await using fixture = await open()
    const stdin = stalledStream(Buffer.from('0123456789abc'), 13)
    const { exitCode, stdout } = await run(fixture, { does: 'take', bytes: 10 }, { stdin })
    assert.deepEqual([exitCode, stdout.toString()], [0, '0123456789'])
    stdin.destroy()
  })

  it('a stdin that errors ends the process, and exec rejects with that error', async () => {
    await using fixture = await open()
    const error = new Error('the disk went away')
    const stdin = erroringStream(pseudoRandomBytes(5, 1_000_000), 500_000, error)
    await assertRejectsWithReason(run(fixture, { does: 'copy' }, { stdin }), error)
  })

  it('a stdin that errors ends a process that does not read it', async () => {
    await using fixture = await open()
    const mark = newMark()
    const error = new Error('the disk went away')
    const stdin = stalledStream(Buffer.from('some'), 4)
    const call = run(fixture, { does: 'stay', mark, ignoresTerm: false }, { stdin })
    setTimeout(() => stdin.destroy(error), 500)
    await assertRejectsWithReason(call, error)
    await assertNoneLeft(fixture, mark)
  })

  it('a stdin that closes without an end is not taken for a whole one', async () => {
    await using fixture = await open()
    await assert.rejects(run(fixture, { does: 'copy' }, { stdin: cutStream(pseudoRandomBytes(5, 1_000_000), 500_000) }))
  })

  it('without streams, a command still runs to its end', async () => {
    await using fixture = await open()
    const command = fixture.command({ does: 'zeros', bytes: 5_000_000 })
    const result = await fixture.runtime.exec(fixture.service, command, {}, {}, testContext())
    assert.equal(result.exitCode, 0)
  })
}
