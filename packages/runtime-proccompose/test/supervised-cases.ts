import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isAngeeError } from '@angee/core'
import { testContext } from '@angee/testkit'
import { describe, expect, it } from 'vitest'
import { processTable } from '../src/processes/table.ts'
import { type ServerProgram, startStack, type TestStack, until } from './stack.ts'

/** What this runtime promises about a server, for the real one and for the stand-in. */
export function supervisedCases(name: string, program: ServerProgram): void {
  const ctx = testContext()
  const stack = (file: string, more: object = {}) => startStack({ program, file, ...more })
  const stateOf = async ({ runtime }: TestStack, service: string) =>
    (await runtime.status(ctx)).find((status) => status.service === service)?.state

  describe(`services under ${name}`, () => {
    it('tells running, stopped and unknown services apart', async () => {
      await using it = await stack(file.two, { services: ['app', 'elsewhere'] })
      await it.runtime.waitHealthy(['app'], ctx)
      expect((await it.runtime.status(ctx)).sort((a, b) => a.service.localeCompare(b.service))).toEqual([
        { service: 'app', state: 'running', health: 'none', canExec: true, canStart: true },
        { service: 'elsewhere', state: 'absent', health: 'none', canExec: true, canStart: false },
        { service: 'idle', state: 'stopped', health: 'none', canExec: true, canStart: true },
      ])
    })

    it('gives a hook the environment and working directory of its process, running or not', async () => {
      await using it = await stack(file.environment, { environment: { FROM_SYSTEM: 'system', BOTH: 'system' } })
      await it.runtime.waitHealthy(['app'], ctx)
      for (const service of ['app', 'idle']) {
        const script = 'echo "$FROM_SYSTEM $FROM_PROJECT $FROM_PROCESS $BOTH $PC_PROC_NAME"; pwd'
        expect(await outputOf(it, service, script)).toBe(`system project process process ${service}\n/usr\n`)
      }
    })

    it('stops only when what the shell had started is gone too', async () => {
      await using it = await stack(file.slowToEnd)
      await until(() => existsSync(join(it.root, 'ready')))
      await it.runtime.stop(['db'], ctx)
      expect(readFileSync(join(it.root, 'ended'), 'utf8')).toBe('flushed\n')
      expect(await stateOf(it, 'db')).toBe('stopped')
      await it.runtime.stop(['db', 'nobody'], ctx)
    })

    it('stops a process that is restarted always, and a frozen one', async () => {
      await using it = await stack(file.restarted)
      await it.runtime.waitHealthy(['again'], ctx)
      await it.runtime.pause(['again'], ctx)
      await it.runtime.stop(['again'], ctx)
      expect(await stateOf(it, 'again')).toBe('stopped')
      await it.runtime.stop(['crashing'], ctx)
      expect(await stateOf(it, 'crashing')).toBe('stopped')
    })

    it('starts in the order of dependencies, whatever order it is given', async () => {
      await using it = await stack(file.dependent)
      await it.runtime.waitHealthy(['app', 'db'], ctx)
      await it.runtime.stop(['db', 'app'], ctx)
      await it.runtime.start(['app', 'db'], ctx)
      await it.runtime.start(['app'], ctx)
      await it.runtime.waitHealthy(['app', 'db'], ctx)
      expect([await stateOf(it, 'app'), await stateOf(it, 'db')]).toEqual(['running', 'running'])
    })

    it('freezes a service with processes in sessions of their own, and lets it go on', async () => {
      await using it = await stack(file.sessions, {
        script: 'echo $$ > child.new; mv child.new child; exec sleep 1000',
      })
      await until(() => existsSync(join(it.root, 'child')))
      const child = Number(readFileSync(join(it.root, 'child'), 'utf8'))
      const childState = async () => (await processTable()).get(child)?.state
      await it.runtime.pause(['app'], ctx)
      await it.runtime.pause(['app'], ctx)
      await until(async () => (await childState()) === 'stopped')
      expect(await stateOf(it, 'app')).toBe('paused')
      await it.runtime.resume(['app', 'nobody'], ctx)
      await it.runtime.resume(['app'], ctx)
      await until(async () => (await childState()) === 'alive')
      expect(await stateOf(it, 'app')).toBe('running')
      process.kill(child, 'SIGKILL') // no server ends what left its session
    })

    it('waits for a probe and for a line of the log, and not for what has ended', async () => {
      await using it = await stack(file.health)
      await it.runtime.waitHealthy(['says', 'probed'], ctx)
      expect(existsSync(join(it.root, 'said'))).toBe(true)
      expect((await it.runtime.status(ctx)).find(({ service }) => service === 'probed')?.health).toBe('healthy')
      const failure = await it.runtime.waitHealthy(['once'], ctx).catch((error: unknown) => error)
      expect(isAngeeError(failure, 'SERVICE_NOT_RUNNING')).toBe(true)
      const paused = await it.runtime.pause(['once'], ctx).catch((error: unknown) => error)
      expect(isAngeeError(paused, 'SERVICE_NOT_RUNNING')).toBe(true)
    })

    it('authenticates, and names neither the right token nor a wrong one', async () => {
      const token = 'a-token-of-more-than-twenty-characters'
      await using it = await stack(file.two, { token })
      await it.runtime.waitHealthy(['app'], ctx)
      const { openProccompose } = await import('../src/runtime.ts')
      const socket = join(it.root, 'pc.sock')
      const wrong = { PC_API_TOKEN: 'another-token-of-more-than-twenty' }
      const stranger = openProccompose(
        { options: { socket, token_env: 'PC_API_TOKEN' }, stackRoot: it.root, services: [] },
        wrong,
      )
      const failure = await stranger.status(ctx).catch((error: unknown) => error)
      expect(isAngeeError(failure, 'RUNTIME_UNAVAILABLE')).toBe(true)
      expect(JSON.stringify([String(failure), failure])).not.toMatch(/twenty/)
    })

    it('does not stop the last process of a server that would end with it', async () => {
      await using it = await stack(file.two, { keepProject: false })
      await it.runtime.waitHealthy(['app'], ctx)
      const failure = await it.runtime.stop(['app'], ctx).catch((error: unknown) => error)
      expect(isAngeeError(failure, 'RUNTIME_FAILED') && failure.hint).toContain('--keep-project')
      expect(await stateOf(it, 'app')).toBe('running')
      await it.runtime.start(['idle'], ctx)
      await it.runtime.stop(['app'], ctx)
      expect(await stateOf(it, 'app')).toBe('stopped')
    })

    it('says what to do when the server has ended with its last process', async () => {
      await using it = await stack(file.short, { keepProject: false, services: ['app'] })
      await new Promise((done) => (it.server.exitCode === null ? it.server.once('exit', done) : done(undefined)))
      expect(await it.runtime.status(ctx)).toEqual([
        { service: 'app', state: 'stopped', health: 'none', canExec: true, canStart: false },
      ])
      await it.runtime.stop(['app'], ctx)
      const failure = await it.runtime.start(['app'], ctx).catch((error: unknown) => error)
      expect(isAngeeError(failure, 'RUNTIME_UNAVAILABLE') && failure.hint).toContain('--keep-project')
      expect(await outputOf(it, 'app', 'echo "$KIND"')).toBe('short\n')
    })
  })

  async function outputOf({ runtime }: TestStack, service: string, script: string): Promise<string> {
    const { PassThrough } = await import('node:stream')
    const { text } = await import('node:stream/consumers')
    const stdout = new PassThrough()
    const all = text(stdout)
    const { exitCode, stderrTail } = await runtime.exec(service, script, { stdout }, {}, ctx)
    stdout.end()
    expect([exitCode, stderrTail]).toEqual([0, ''])
    return all
  }
}

const file = {
  two: `
processes:
  app: { command: sleep 1000 }
  idle: { command: sleep 1000, disabled: true }
`,
  environment: `
environment: ['FROM_PROJECT=project', 'BOTH=project']
processes:
  app: { command: sleep 1000, working_dir: /usr, environment: ['FROM_PROCESS=process', 'BOTH=process'] }
  idle: { command: sleep 1000, disabled: true, working_dir: /usr, environment: ['FROM_PROCESS=process', 'BOTH=process'] }
`,
  // The shell ends at the signal; what it started takes its time, as a database does that writes its last page.
  slowToEnd: `
processes:
  db:
    command: |
      sh -c "trap 'sleep 1; echo flushed > ROOT/ended; exit' TERM; touch ROOT/ready; while :; do sleep 0.1; done" > /dev/null 2>&1 &
      wait
`,
  restarted: `
processes:
  again: { command: sleep 1000, availability: { restart: always } }
  crashing: { command: exit 1, availability: { restart: always, backoff_seconds: 1 } }
`,
  dependent: `
processes:
  app: { command: sleep 1000, depends_on: { db: { condition: process_healthy } } }
  db:
    command: sleep 1000
    readiness_probe: { exec: { command: 'true' }, initial_delay_seconds: 1, period_seconds: 1 }
`,
  sessions: `
processes:
  app: { command: 'setsid sh script.sh & sleep 1000', working_dir: ROOT }
`,
  health: `
processes:
  says: { command: 'sleep 0.5; touch ROOT/said; echo ready to serve; sleep 1000', ready_log_line: ready to serve }
  probed:
    command: sleep 1000
    readiness_probe: { exec: { command: test -e ROOT/said }, initial_delay_seconds: 1, period_seconds: 1 }
  once: { command: 'true' }
`,
  short: `
processes:
  app: { command: sleep 1, environment: ['KIND=short'] }
`,
}
