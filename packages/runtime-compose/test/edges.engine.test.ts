import { readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { engineSuite, newMark, readAll, shellCommand, testContext, wholeStream } from '@angee/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { makeStack, type TestStack } from './stack.ts'

const reason = new Error('enough')

engineSuite('unusual containers', ['docker', 'base-image'], () => {
  let stack: TestStack
  beforeAll(async () => {
    stack = await makeStack(`
x-base: &base { image: IMAGE, command: [sleep, infinity], init: true }
services:
  shut: { <<: *base, read_only: true, user: nobody, cap_drop: [ALL] }
  shell-less: { <<: *base, volumes: ["/dev/null:/usr/bin/sh:ro"] }
  victim: { <<: *base }
  extra: { <<: *base, profiles: [more] }
  several: { <<: *base, scale: 2 }
  sick: { <<: *base, healthcheck: { test: ["CMD", "false"], interval: 1s, retries: 1 } }
  user: { <<: *base, depends_on: [victim] }
`)
    await stack.compose('up', '--detach', 'shut', 'shell-less', 'victim', 'several')
  })
  afterAll(() => stack[Symbol.asyncDispose]())

  const exec = async (service: string, command: string | string[], stdin?: Buffer, ctx = testContext()) => {
    const stdout = new PassThrough()
    const io = stdin === undefined ? { stdout } : { stdin: wholeStream(stdin), stdout }
    const [result, output] = await Promise.all([
      stack.runtime.exec(service, command, io, {}, ctx).finally(() => stdout.end()),
      readAll(stdout),
    ])
    return { ...result, output: output.toString() }
  }

  /** Starts what stays for ever, waits until it runs, and aborts. */
  const abort = async (service: string, command: string | readonly string[], mark: string) => {
    const stopping = new AbortController()
    const ctx = testContext({ signal: stopping.signal })
    const call = stack.runtime.exec(service, command, { stdout: new PassThrough().resume() }, {}, ctx)
    const settled = expect(call).rejects.toBe(reason)
    while (processesHere(mark).length === 0) await wait(20)
    stopping.abort(reason)
    await settled
    expect(processesHere(mark)).toEqual([])
    return ctx.logs.filter(({ level }) => level === 'warn')
  }

  it('nothing writable, no root and no capability are needed', async () => {
    const bytes = Buffer.alloc(300_000, 'x')
    expect(await exec('shut', ['cat'], bytes)).toMatchObject({ exitCode: 0, output: bytes.toString() })
    expect((await exec('shut', 'id -un; exit 3')).output).toBe('nobody\n')
    const mark = newMark()
    expect(await abort('shut', shellCommand({ does: 'stay', mark, ignoresTerm: false }), mark)).toEqual([])
  })

  it('a list of words runs where there is no shell, and is ended there', async () => {
    const bytes = Buffer.alloc(300_000, 'x')
    expect(await exec('shell-less', ['cat'], bytes)).toMatchObject({ exitCode: 0, output: bytes.toString() })
    expect(await exec('shell-less', ['cat'])).toMatchObject({ exitCode: 0, output: '' })
    expect((await exec('shell-less', ['ls', '/no/such/file'])).exitCode).toBe(2)
    expect([126, 127]).toContain((await exec('shell-less', ['/no/such/program'])).exitCode)
    const mark = newMark()
    expect(await abort('shell-less', ['sleep', `86399.${mark}`], mark)).toEqual([])
  })

  it('a string does not run where there is no shell, and the error says so', async () => {
    await expect(exec('shell-less', 'echo hello')).rejects.toMatchObject({
      code: 'RUNTIME_FAILED',
      message: expect.stringContaining('/bin/sh'),
    })
  })

  it('an unknown user or directory is an error of the runtime with the engine’s words, not an exit code', async () => {
    const call = stack.runtime.exec('victim', ['true'], {}, { user: 'nobody-known' }, testContext())
    await expect(call).rejects.toMatchObject({
      code: 'RUNTIME_FAILED',
      message: expect.stringContaining('nobody-known'),
    })
  })

  it('a service that stops in the middle is not a success', async () => {
    const call = exec('victim', 'head -c 1000000 /dev/zero; sleep 100; echo end')
    const settled = expect(call).rejects.toMatchObject({ code: 'SERVICE_NOT_RUNNING' })
    await wait(1_000)
    await stack.compose('kill', 'victim')
    await settled
    await stack.runtime.start(['victim'], testContext())
  })

  it('a wrapper killed from inside is not a success', async () => {
    const { exitCode } = await exec('victim', 'echo part; kill -9 $PPID; sleep 0.2')
    expect(exitCode).toBe(137)
  })

  it('env values are in no argument of any process of this machine', async () => {
    const canary = `canary-${newMark()}`
    const mark = newMark()
    const stopping = new AbortController()
    const options = { env: { SECRET_OF_THE_HOOK: canary } }
    const command = `sleep 86399.${mark}`
    const call = stack.runtime.exec('victim', command, {}, options, testContext({ signal: stopping.signal }))
    const settled = expect(call).rejects.toBe(reason)
    while (processesHere(mark).length === 0) await wait(20)
    expect(processesHere(canary)).toEqual([])
    stopping.abort(reason)
    await settled
  })

  it('status tells of services behind a profile and of scaled ones once', async () => {
    await stack.compose('run', '--detach', '--no-deps', 'victim', 'sleep', '100')
    const status = await stack.runtime.status(testContext())
    expect(status.map(({ service, state }) => `${service} ${state}`)).toEqual([
      'extra absent',
      'several running',
      'shell-less running',
      'shut running',
      'sick absent',
      'user absent',
      'victim running',
    ])
  })

  it('start makes a service behind a profile and nothing it depends on, and recreates nothing', async () => {
    await stack.runtime.stop(['victim'], testContext())
    await stack.runtime.start(['extra', 'user'], testContext())
    const id = await stack.compose('ps', '--all', '--quiet', 'several')
    await stack.runtime.stop(['several'], testContext())
    const file = join(stack.directory, 'compose.yaml')
    const text = readFileSync(file, 'utf8')
    await writeFile(file, text.replace('scale: 2', 'environment: { CHANGED: yes }'))
    await stack.runtime.start(['several'], testContext())
    await writeFile(file, text)
    expect((await stack.compose('ps', '--quiet', 'several')).split('\n').sort()).toEqual(id.split('\n').sort())
    const states = Object.fromEntries((await stack.runtime.status(testContext())).map((s) => [s.service, s.state]))
    expect(states).toMatchObject({ extra: 'running', user: 'running', victim: 'stopped', several: 'running' })
    await stack.runtime.start(['victim'], testContext())
  })

  it('commands run in the first container that runs', async () => {
    const first = (await exec('several', ['hostname'])).output
    const ids = (await stack.compose('ps', '--all', '--quiet', 'several')).trim().split('\n')
    expect(ids.some((id) => id.startsWith(first.trim()))).toBe(true)
    await stack.runtime.pause(['several'], testContext())
    await stack.runtime.pause(['several'], testContext())
    await expect(exec('several', ['hostname'])).rejects.toMatchObject({ code: 'SERVICE_NOT_RUNNING' })
    await stack.runtime.resume(['several'], testContext())
    expect((await exec('several', ['hostname'])).output).toBe(first)
  })

  it('waitHealthy gives up on a failing health check', async () => {
    await stack.runtime.start(['sick'], testContext())
    await expect(stack.runtime.waitHealthy(['sick'], testContext())).rejects.toMatchObject({
      code: 'SERVICE_NOT_RUNNING',
      message: expect.stringContaining('health check'),
    })
  })
})

/** Words of the processes of this machine, containers included, with that in them. */
function processesHere(part: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ')
      } catch {
        return ''
      }
    })
    .filter((line) =>
      line.startsWith('sleep') || !line.includes('docker') ? line.includes(part) : isSecret(line, part),
    )
}

/** The client has the command among its words, so only a canary counts there. */
function isSecret(line: string, part: string): boolean {
  return part.startsWith('canary') && line.includes(part)
}
