import { execFile } from 'node:child_process'
import { readdirSync, readlinkSync } from 'node:fs'
import { chmod, chown, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { engineSuite, missingEngine, provisionedFact, testContext } from '@angee/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type CompiledStack, commandLines, compiledStack, local } from './compiled-stack.ts'
import { realProgram, standIn, until } from './stack.ts'

/*
 * A real database as a local service: many processes, another user, titles written over their environment, and data that
 * tells whether it was ended well. Under the real process-compose where there is one, else under the stand-in.
 */
const program = missingEngine('process-compose') === undefined ? realProgram : standIn

engineSuite('a database as a local service', ['postgres'], () => {
  const ctx = testContext()
  const binaries = provisionedFact('POSTGRES_BIN') ?? ''
  const account = provisionedFact('POSTGRES_ACCOUNT') ?? 'postgres'
  const as = ['setpriv', `--reuid=${account}`, `--regid=${account}`, '--clear-groups']
  const run = promisify(execFile)
  let stack: CompiledStack
  let sockets: string
  let data: string

  beforeAll(async () => {
    stack = await compiledStack(program)
    await chmod(stack.root, 0o755)
    ;[data, sockets] = [join(stack.root, 'pgdata'), join(stack.root, 'sockets')]
    const owner = Number((await run('id', ['-u', account])).stdout)
    for (const directory of [data, sockets]) {
      await mkdir(directory)
      await chown(directory, owner, owner)
    }
    const initialize = [join(binaries, 'initdb'), '--no-sync', '-D', data, '-U', 'app', '--auth=trust']
    await run('setpriv', [...as.slice(1), ...initialize], { cwd: '/' })
  })
  afterAll(() => stack[Symbol.asyncDispose]())

  const definition = () => {
    const settings = [
      '-c',
      'listen_addresses=',
      '-c',
      `unix_socket_directories=${sockets}`,
      '-c',
      'update_process_title=on',
    ]
    const ready = {
      cmd: [join(binaries, 'pg_isready'), '-h', sockets],
      interval: 1000,
      timeout: 5000,
      retries: 60,
      startPeriod: 0,
    }
    return stack.definition([
      local('service', 'db', [...as, join(binaries, 'postgres'), '-D', data, ...settings], { ready }),
    ])
  }
  const up = async () => {
    await stack.open().prepare(definition(), ctx)
    await stack.open().up(['db'], definition(), ctx)
    await stack.open().waitHealthy(['db'], ctx)
  }
  const sql = async (statement: string) => {
    const stdout = new PassThrough()
    const all = text(stdout)
    const psql = [join(binaries, 'psql'), '-h', sockets, '-U', 'app', '-d', 'postgres', '-Atqc', statement]
    const { exitCode, stderrTail } = await stack.open().exec('db', psql, { stdout }, {}, ctx)
    stdout.end()
    expect([exitCode, stderrTail]).toEqual([0, ''])
    return (await all).trim()
  }
  // Each of its processes works in its data; their titles say nothing of it.
  const processes = () =>
    readdirSync('/proc').filter((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/cwd`) === data
      } catch {
        return false
      }
    })
  const state = async () => {
    const { stdout } = await run(join(binaries, 'pg_controldata'), ['-D', data])
    return /cluster state:\s+(.*)/.exec(stdout)?.[1]
  }

  it('is brought up, and down to its last process, and has written what it held', async () => {
    await up()
    await sql('create table items as select generate_series(1, 1000) as id')
    expect(processes().length).toBeGreaterThan(4)
    await stack.open().down({ volumes: false }, ctx)
    expect(processes()).toEqual([])
    expect(await state()).toBe('shut down')
  })

  it('is found when its server is killed, and ended well', async () => {
    await up()
    await sql('insert into items values (0)')
    process.kill(stack.server(), 'SIGKILL')
    await until(() => !stack.remains().some((line) => line.includes('live.yaml')))
    expect(await stack.open().status(ctx)).toMatchObject([{ service: 'db', state: 'running' }])
    await stack.open().stop(['db'], ctx)
    expect(processes()).toEqual([])
    expect(await state()).toBe('shut down')
  })

  it('comes up again under a new server with all it held, never twice on its data', async () => {
    await up()
    process.kill(stack.server(), 'SIGKILL')
    await up()
    expect(await sql('select count(*) from items')).toBe('1001')
    expect(commandLines().filter((line) => line.includes(`bin/postgres -D ${data}`))).toHaveLength(1)
    await stack.open().down({ volumes: false }, ctx)
    expect(stack.remains()).toEqual([])
    expect(processes()).toEqual([])
  })
})
