import { existsSync, readFileSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough, Readable, Writable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { type ExecOptions, type HookCommand, isAngeeError, type Runtime } from '@angee/core'
import { testContext } from '@angee/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { processTable } from '../src/processes/table.ts'
import { openProccompose } from '../src/runtime.ts'
import { emptyStack, until } from './stack.ts'

const ctx = testContext()
let root: string
let runtime: Runtime

beforeEach(async () => {
  root = await emptyStack()
  runtime = openProccompose(
    { options: { token_env: 'PC_API_TOKEN' }, stackRoot: root, services: ['db'] },
    { PATH: process.env['PATH'], PC_SOCKET_PATH: join(root, 'nobody.sock'), OUR: 'own', BOTH: 'own' },
  )
})
afterEach(() => rm(root, { recursive: true, force: true }))

async function run(command: HookCommand, options: ExecOptions = {}, stdin?: Readable) {
  const stdout = new PassThrough()
  const all = buffer(stdout)
  const io = stdin === undefined ? { stdout } : { stdin, stdout }
  const result = await runtime.exec('db', command, io, options, ctx)
  expect(stdout.writableEnded).toBe(false)
  stdout.end()
  return { ...result, stdout: await all }
}

describe('hooks where no server runs', () => {
  it('are ready to run, and their services cannot be started', async () => {
    await writeFile(join(root, 'process-compose.yml'), 'processes: { web: { command: x } }')
    expect(await runtime.status(ctx)).toEqual(
      ['web', 'db'].map((service) => ({ service, state: 'stopped', health: 'none', canExec: true, canStart: false })),
    )
    await runtime.stop(['db'], ctx)
    await runtime.resume(['db'], ctx)
    for (const action of [runtime.start, runtime.pause, runtime.waitHealthy]) {
      await expect(action(['db'], ctx)).rejects.toSatisfy((error) => isAngeeError(error))
    }
  })

  it('get what the file says, in the order of process-compose', async () => {
    await mkdir(join(root, 'sub'))
    await writeFile(join(root, '.env'), 'BOTH=dotenv\nDOT=a#b\n')
    await writeFile(join(root, 'db.env'), 'FILE=file\nPROJECT=file\nPROCESS=file\n')
    await writeFile(
      join(root, 'process-compose.yaml'),
      `
environment: ['PROJECT=project', 'EXPANDED=\${OUR}-\${DOT}-$$5']
processes:
  db: { command: x, env_file: ./db.env, working_dir: ./sub, environment: ['PROCESS=process', 'HOOK=process'] }
`,
    )
    const script = 'echo "$BOTH $DOT $FILE $PROJECT $PROCESS $EXPANDED $HOOK $PC_PROC_NAME"; pwd'
    const { stdout } = await run(script, { env: { HOOK: 'hook' } })
    expect(stdout.toString()).toBe(`own a#b file file process own-a#b-$5 hook db\n${root}/sub\n`)
    expect((await run(['pwd'], { workdir: '..' })).stdout.toString()).toBe(`${root}\n`)
  })

  it('name an env_file, a file and a directory that are not right', async () => {
    await writeFile(join(root, 'process-compose.yaml'), 'processes: { db: { env_file: none.env } }')
    await expect(run('true')).rejects.toThrow(/env_file of db cannot be read: .*none\.env/)
    await writeFile(join(root, 'process-compose.yaml'), 'processes: [')
    await expect(run('true')).rejects.toThrow(/process-compose\.yaml cannot be read/)
    await rm(join(root, 'process-compose.yaml'))
    await expect(run('true', { workdir: 'none' })).rejects.toThrow(/working directory .*none does not exist/)
  })

  it('go through a shell as a string, and through none as a list', async () => {
    expect((await run('echo $OUR; echo bad >&2; exit 7')).stdout.toString()).toBe('own\n')
    expect(await run('echo bad >&2; exit 7')).toMatchObject({ exitCode: 7, signal: null, stderrTail: 'bad\n' })
    expect((await run(['echo', '$OUR', 'a  b'])).stdout.toString()).toBe('$OUR a  b\n')
    expect(await run(['kill-me-not'])).toMatchObject({ exitCode: 127 })
    expect(await run('kill -9 $$')).toMatchObject({ exitCode: null, signal: 'SIGKILL' })
  })

  it.runIf(process.getuid?.() === 0)('run as another user when they ask for it', async () => {
    const { stdout } = await run('id -un; echo $HOME', { user: 'nobody', workdir: '/' })
    expect(stdout.toString()).toMatch(/^nobody\n\/nonexistent\n/)
    await expect(run('true', { user: 'no-such-user' })).rejects.toThrow(/no user no-such-user/)
  })

  it('deliver every byte both ways to a slow reader', async () => {
    const bytes = Buffer.alloc(8 << 20, 'byte after byte ')
    const chunks: Buffer[] = []
    const slow = new Writable({
      highWaterMark: 1024,
      write(chunk: Buffer, _encoding, done) {
        chunks.push(chunk)
        setImmediate(done)
      },
    })
    const stdin = Readable.from([bytes])
    expect(await runtime.exec('db', 'cat', { stdin, stdout: slow }, {}, ctx)).toMatchObject({ exitCode: 0 })
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true)
  })

  it('may leave the rest of their input unread', async () => {
    async function* endless() {
      for (;;) yield Buffer.alloc(65536)
    }
    const { stdout, exitCode } = await run('head -c 10 | wc -c', {}, Readable.from(endless()))
    expect([Number(stdout.toString()), exitCode]).toEqual([10, 0])
  })

  it('keep no more than the last 64 KiB of an endless stderr', async () => {
    const { stderrTail } = await run('head -c 5000000 /dev/zero | tr "\\0" x >&2; echo the end >&2')
    expect(Buffer.byteLength(stderrTail)).toBe(65536)
    expect(stderrTail.endsWith('xthe end\n')).toBe(true)
  })
})

describe('hooks that go wrong', () => {
  const pidFile = (name: string) => Number(readFileSync(join(root, name), 'utf8'))
  const lives = async (pid: number) => ((await processTable()).get(pid)?.state ?? 'dead') !== 'dead'
  const leaving = (trap = '') => `
    setsid sh -c 'echo $$ > a; exec sleep 1000' & sh -c 'echo $$ > b; exec sleep 1000' &
    ${trap} echo $$ > c; while :; do sleep 0.1; done`
  const begun = () => until(() => ['a', 'b', 'c'].every((name) => existsSync(join(root, name)) && pidFile(name) > 0))
  const noneLives = async () =>
    expect(await Promise.all(['a', 'b', 'c'].map((name) => lives(pidFile(name))))).not.toContain(true)

  it('end on abort with all they started, before the call rejects with the reason', async () => {
    const controller = new AbortController()
    const aborted = testContext({ signal: controller.signal })
    const running = runtime
      .exec('db', leaving('trap "" TERM;'), { stdout: new PassThrough() }, {}, aborted)
      .catch((error: unknown) => error)
    await begun()
    const reason = new Error('enough')
    controller.abort(reason)
    expect(await running).toBe(reason)
    await noneLives()
    await expect(runtime.exec('db', 'true', {}, {}, aborted)).rejects.toBe(reason)
  })

  it('end when the stream they write to breaks, and reject with its error', async () => {
    const stdout = new PassThrough()
    const running = runtime.exec('db', leaving(), { stdout }, {}, ctx).catch((error: unknown) => error)
    await begun()
    const broken = new Error('disk full')
    stdout.destroy(broken)
    expect(await running).toBe(broken)
    await noneLives()
  })

  it('end when the stream they read breaks or is cut, and never see a cut as an end', async () => {
    const broken = new Error('cut')
    const failing = new PassThrough()
    const running = runtime
      .exec('db', 'cat > got && echo whole > whole', { stdin: failing }, {}, ctx)
      .catch((error: unknown) => error)
    failing.write('half')
    await until(() => existsSync(join(root, 'got')))
    failing.destroy(broken)
    expect(await running).toBe(broken)

    const closing = new PassThrough()
    const closed = runtime
      .exec('db', 'cat > got && echo whole > whole', { stdin: closing }, {}, ctx)
      .catch((error: unknown) => error)
    closing.destroy()
    expect(await closed).toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' })
    expect(existsSync(join(root, 'whole'))).toBe(false)
  })

  it('fail when something left behind holds their output open', async () => {
    const held = run("setsid sh -c 'echo $$ > a; exec sleep 1000' & until test -s a; do sleep 0.1; done; echo done")
    await expect(held).rejects.toThrow(/left behind holds the output/)
    process.kill(pidFile('a'), 'SIGKILL')
  })
})
