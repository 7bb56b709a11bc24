import assert from 'node:assert/strict'
import type { SuiteApi } from '../api.ts'
import { testContext } from '../fakes/index.ts'
import { wholeStream } from '../streams/index.ts'
import { assertFails, type OpenRuntime, run, shellCode } from './fixture.ts'

/** Which program runs, with which words, as whom and where; and the exit code it gives. */
export function commandCases({ it }: SuiteApi, open: OpenRuntime): void {
  for (const code of [0, 1, 3, 125, 126, 127, 137, 255]) {
    it(`exec gives exit code ${code} as the process gave it, with what it wrote to stderr`, async () => {
      await using fixture = await open()
      const result = await run(fixture, { does: 'exit', code, stderr: 'the end\n' })
      assert.equal(shellCode(result), code)
      assert.ok(result.stderrTail.endsWith('the end\n'), `stderrTail is ${JSON.stringify(result.stderrTail)}`)
    })
  }

  it('exec tells of a process that a signal ended', async () => {
    await using fixture = await open()
    assert.equal(shellCode(await run(fixture, { does: 'kill-itself' })), 137)
  })

  it('exec gives 127 for a program that does not exist and 126 for one that cannot be executed', async () => {
    await using fixture = await open()
    assert.equal((await run(fixture, { does: 'miss' })).exitCode, 127)
    assert.equal((await run(fixture, { does: 'not-executable' })).exitCode, 126)
    assert.equal((await run(fixture, { does: 'miss' }, { stdin: wholeStream(Buffer.alloc(1e6)) })).exitCode, 127)
  })

  it('exec passes the words of a list as they are, without a shell', async () => {
    await using fixture = await open()
    const words = ['', ' two  spaces ', '"', "'", '$HOME $(id) `id`', '*', 'a\nb', '\\n', '-n', '--', 'é→😀', ';exit 9']
    const { stdout, exitCode } = await run(fixture, { does: 'show-words', words })
    assert.deepEqual(stdout.toString().split('\0').slice(0, -1), words)
    assert.equal(exitCode, 0)
  })

  it('exec runs a string in a shell', async () => {
    await using fixture = await open()
    assert.equal((await run(fixture, { does: 'use-shell' })).stdout.toString(), '3 lines')
  })

  it('exec adds env to the service’s own environment, whatever the values hold', async () => {
    await using fixture = await open()
    const env = { ANGEE_SUITE: 'line 1\nline 2 "$HOME" é', DOCKER_HOST: 'of the hook', EMPTY: '' }
    for (const [name, value] of Object.entries(env)) {
      const { stdout } = await run(fixture, { does: 'show-variable', name }, { options: { env } })
      assert.equal(stdout.toString(), value)
    }
    const path = await run(fixture, { does: 'show-variable', name: 'PATH' }, { options: { env } })
    assert.notEqual(path.stdout.toString(), 'unset')
    const without = await run(fixture, { does: 'show-variable', name: 'ANGEE_SUITE' })
    assert.equal(without.stdout.toString(), 'unset')
  })

  it('exec runs as the user and in the directory it is given', async () => {
    await using fixture = await open()
    const { user, workdir } = fixture
    const itself = await run(fixture, { does: 'show-user' })
    assert.notEqual(itself.stdout.toString(), `${user}\n`)
    assert.equal((await run(fixture, { does: 'show-user' }, { options: { user } })).stdout.toString(), `${user}\n`)
    const elsewhere = await run(fixture, { does: 'show-directory' })
    assert.notEqual(elsewhere.stdout.toString(), `${workdir}\n`)
    const there = await run(fixture, { does: 'show-directory' }, { options: { workdir } })
    assert.equal(there.stdout.toString(), `${workdir}\n`)
  })

  it('two commands run at once without mixing', async () => {
    await using fixture = await open()
    const [one, two] = await Promise.all([
      run(fixture, { does: 'copy' }, { stdin: wholeStream(Buffer.alloc(3_000_000, 'a')) }),
      run(fixture, { does: 'copy' }, { stdin: wholeStream(Buffer.alloc(3_000_000, 'b')) }),
    ])
    assert.ok(one.stdout.equals(Buffer.alloc(3_000_000, 'a')))
    assert.ok(two.stdout.equals(Buffer.alloc(3_000_000, 'b')))
  })

  it('exec in a service that does not exist fails and starts nothing', async () => {
    await using fixture = await open()
    const { runtime, command } = fixture
    const call = runtime.exec('no-such-service', command({ does: 'exit', code: 0 }), {}, {}, testContext())
    await assertFails(call, 'SERVICE_NOT_RUNNING', 'RUNTIME_FAILED')
  })
}
