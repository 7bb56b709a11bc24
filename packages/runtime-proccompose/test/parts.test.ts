import { mkdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { isAngeeError, parseOptions } from '@angee/core'
import { testContext } from '@angee/testkit'
import { describe, expect, it } from 'vitest'
import { dependencyOrder } from '../src/lifecycle/order.ts'
import { healthOf, phaseOf } from '../src/lifecycle/phase.ts'
import { proccomposeOptions } from '../src/options.ts'
import { family, parseStat, processTable } from '../src/processes/table.ts'
import { supervisorAddress } from '../src/supervisor/address.ts'
import { findSupervisor, supervisor } from '../src/supervisor/supervisor.ts'
import { emptyStack } from './stack.ts'

const process1 = { name: 'a', pid: 7, exit_code: 0, is_ready: '-', has_ready_probe: false, is_running: false }

describe('states of process-compose', () => {
  it.each([
    ['Running', {}, 'active'],
    ['Launched', {}, 'active'],
    ['Pending', {}, 'coming'],
    ['Restarting', {}, 'coming'],
    ['Terminating', {}, 'ending'],
    ['Terminating', { process_end_time: '2026-01-01T00:00:00Z' }, 'ended'],
    ['Terminating', { pid: 0 }, 'ended'],
    ['Completed', {}, 'ended'],
    ['Disabled', {}, 'ended'],
    ['Scheduled', {}, 'ended'],
    ['SomethingNew', { is_running: true }, 'active'],
  ])('%s %j is %s', (status, more, phase) => {
    expect(phaseOf({ ...process1, status, ...more })).toBe(phase)
  })

  it.each([
    ['Running', '-', false, 'none'],
    ['Running', '-', true, 'starting'],
    ['Running', 'Ready', true, 'healthy'],
    ['Running', 'Not Ready', true, 'unhealthy'],
    ['Launching', 'Not Ready', true, 'starting'],
  ])('%s and %s is %s', (status, is_ready, has_ready_probe, health) => {
    expect(healthOf({ ...process1, status, is_ready, has_ready_probe })).toBe(health)
  })
})

describe('the order of services', () => {
  it('puts each after those it depends on, and survives a circle', () => {
    const dependencies = new Map([
      ['app', ['db', 'cache']],
      ['db', ['disk']],
      ['x', ['y']],
      ['y', ['x']],
    ])
    expect(dependencyOrder(['app', 'disk', 'db'], dependencies)).toEqual(['disk', 'db', 'app'])
    expect(dependencyOrder(['x', 'y'], dependencies)).toEqual(['y', 'x'])
  })
})

describe('the process table', () => {
  it('reads names that hold blanks and parentheses', () => {
    const line = `42 (a) b (c) T 7 40 40 0 -1 ${'0 '.repeat(13)}9876 0`
    expect(parseStat(line)).toEqual({ pid: 42, parent: 7, group: 40, state: 'stopped', started: '9876' })
  })

  it.each([process.platform, 'darwin'] as const)('finds this process, read as on %s', async (platform) => {
    const own = (await processTable(platform)).get(process.pid)
    expect(own).toMatchObject({ pid: process.pid, parent: process.ppid, state: 'alive' })
    expect(own?.started).not.toBe('')
  })

  it('never takes everybody for a family', async () => {
    const table = await processTable()
    expect([family(table, 0), family(table, 1)]).toEqual([[], []])
  })
})

describe('where the server is looked for', () => {
  it('prefers options, then the own socket, then the environment of process-compose, then its default port', async () => {
    const root = await emptyStack()
    const shown = (options: object, environment: object = {}, known: object = {}) =>
      supervisorAddress(options, root, { ...environment }, { remembered: undefined, onlyOurs: false, ...known }).shown
    const environment = { PC_SOCKET_PATH: '/tmp/x.sock', PC_PORT_NUM: '99' }
    expect(shown({})).toBe('http://localhost:8080')
    expect(supervisorAddress({}, root, {}, { remembered: undefined, onlyOurs: false }).guessed).toBe(true)
    expect(shown({}, { PC_PORT_NUM: '99', PC_ADDRESS: '127.0.0.1' })).toBe('http://127.0.0.1:99')
    expect(shown({}, environment)).toBe('/tmp/x.sock')
    expect(shown({}, environment, { onlyOurs: true })).toBe(join(root, 'run', 'process-compose.sock'))
    expect(shown({}, environment, { remembered: '/tmp/y.sock' })).toBe('/tmp/y.sock')
    await mkdir(join(root, 'run'))
    await writeFile(join(root, 'run', 'process-compose.sock'), '')
    expect(shown({}, environment)).toBe(join(root, 'run', 'process-compose.sock'))
    expect(shown({ url: 'http://[::1]:8081' }, environment)).toBe('http://::1:8081')
    expect(shown({ socket: 'a.sock' }, environment)).toBe(join(root, 'a.sock'))
    await rm(root, { recursive: true })
  })

  it('refuses the address of another machine, and options nobody knows', () => {
    const parse = (given: object) => parseOptions(proccomposeOptions, { ...given }, 'runtimes.proccompose')
    expect(() => parse({ url: 'http://db.example.org:8080' })).toThrow(/name a host of this machine/)
    expect(() => parse({ sockt: 'x' })).toThrow(/sockt/)
    expect(parse({})).toEqual({ token_env: 'PC_API_TOKEN' })
  })

  it('takes a server on the default port only when it runs this stack, and shows it no token before', async () => {
    const ctx = testContext()
    const asked: (string | undefined)[] = []
    const server = createServer((request, response) => {
      asked.push(request.headers['x-pc-token-key']?.toString())
      response.end(JSON.stringify({ fileNames: ['/elsewhere/process-compose.yaml', '/stack/process-compose.yaml'] }))
    })
    await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done))
    const { port } = server.address() as AddressInfo
    const address = { shown: 'it', connect: { host: '127.0.0.1', port }, guessed: true }
    expect(await findSupervisor(address, 'the-token', '/other', ctx)).toBeUndefined()
    expect(await findSupervisor(address, 'the-token', '/stack', ctx)).toBeDefined()
    expect(asked).toEqual([undefined, undefined])
    server.close()
  })

  it('tells a server that does not answer, or not as process-compose, from none', async () => {
    const ctx = testContext()
    const answers: [number, string][] = [
      [404, '{}'],
      [500, 'oops'],
      [200, 'hello'],
    ]
    const server = createServer((_, response) => {
      const [status, body] = answers.shift() ?? [200, '{}']
      response.writeHead(status).end(body)
    })
    await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done))
    const { port } = server.address() as AddressInfo
    const it = supervisor({ shown: 'it', connect: { host: '127.0.0.1', port }, guessed: false }, undefined)
    for (const code of ['RUNTIME_TOO_OLD', 'RUNTIME_FAILED', 'RUNTIME_FAILED'] as const) {
      await expect(it.processes(ctx)).rejects.toSatisfy((error) => isAngeeError(error, code))
    }
    await new Promise((done) => server.close(done))
    expect(await it.processes(ctx)).toBeUndefined()
  })
})
