import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { isClientName } from '../src/engine/client-names.ts'
import { bare, wrapped } from '../src/exec/wrapper.ts'

const mark = 'f'.repeat(32)
const stdout = process.stdout

describe('the wrapper', () => {
  it('keeps values out of words, under names the client does not obey', () => {
    const options = { env: { PATH: 'secret 1', 'dotted.name': 'secret 2' }, workdir: '/srv' }
    const { command, flags, environment } = wrapped({ command: ['a', 'b c'], mark, io: {}, options })
    expect([...command, ...flags].join(' ')).not.toMatch(/secret/)
    expect(environment).toEqual({ ANGEE_VALUE_0: 'secret 1', 'dotted.name': 'secret 2' })
    const named = ['--env', `ANGEE_HOOK=${mark}`, '--env', 'ANGEE_VALUE_0', '--env', 'dotted.name']
    expect(flags).toEqual(['--workdir', '/srv', ...named])
  })

  it('sets variables, passes words on, and writes the marks around', () => {
    const options = { env: { PATH: `/nowhere:${process.env['PATH']}`, angee: 'a\nb "$c"' } }
    const command = ['/bin/sh', '-c', 'printf %s "$angee|$PATH|$1|$ANGEE_VALUE_0"; exit 7', 'sh', ' * ']
    expect(runHere({ command, mark, io: { stdout }, options })).toEqual({
      status: 7,
      stdout: `${mark}a\nb "$c"|/nowhere:${process.env['PATH']}| * |${mark}007e`,
    })
  })

  it('runs programs, never what the shell has of the same name', () => {
    const command = ['printf', '%s', '--help']
    expect(runHere({ command, mark, io: { stdout }, options: {} }).stdout).toBe(`${mark}--help${mark}000e`)
    const missing = runHere({ command: ['export'], mark, io: { stdout }, options: {} })
    expect(missing).toEqual({ status: 127, stdout: `${mark}${mark}127e` })
  })

  it('gives an empty stdin and drops stdout where there is none', () => {
    const input = 'for the wrapper'
    expect(runHere({ command: 'cat; echo', mark, io: { stdout }, options: {} }, input).stdout).toBe(
      `${mark}\n${mark}000e`,
    )
    expect(runHere({ command: 'echo loud', mark, io: {}, options: {} }).stdout).toBe(`${mark}${mark}000e`)
  })

  it('lives on behind its second mark until its stdin ends, so that the engine drops no output', async () => {
    const { command } = wrapped({ command: 'echo all; exit 3', mark, io: { stdout }, options: {} })
    const [program = '', ...words] = command
    const child = spawn(program, words)
    const exited = once(child, 'exit')
    const output = new Promise<string>((done) => {
      let text = ''
      child.stdout.on('data', (chunk) => {
        text += chunk
        if (text.endsWith('e')) done(text)
      })
    })
    expect(await output).toBe(`${mark}all\n${mark}003e`)
    await wait(200)
    expect(child.exitCode).toBe(null)
    child.stdin.end()
    expect(await exited).toEqual([3, null])
  })

  it('tells that something left behind holds stdout', () => {
    const { stdout: output } = runHere({ command: 'sleep 6.5 & echo all', mark, io: { stdout }, options: {} })
    expect(output).toBe(`${mark}all\n${mark}000h`)
  })
})

describe('without the wrapper', () => {
  it('words go as they are and values by their own names', () => {
    const { command, flags, environment } = bare(['a', 'b'], mark, { env: { KEY: 'secret' } })
    expect(command).toEqual(['a', 'b'])
    expect(flags).toEqual(['--env', `ANGEE_HOOK=${mark}`, '--env', 'KEY'])
    expect(environment).toEqual({ KEY: 'secret' })
  })

  it('names the client obeys are known', () => {
    expect(['PATH', 'DOCKER_HOST', 'PGPASSWORD'].filter(isClientName)).toEqual(['PATH', 'DOCKER_HOST'])
  })
})

/** Runs the script with this machine's shell, as a container would. */
function runHere(wrapping: Parameters<typeof wrapped>[0], input = '') {
  const { command, environment } = wrapped(wrapping)
  const [program = '', ...words] = command
  const env = { ...process.env, ...environment }
  const { status, stdout: output } = spawnSync(program, words, { env, input, encoding: 'utf8' })
  return { status, stdout: output }
}
