import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { angeeWithPeak } from '../support/angee-process.ts'
import { fileHook, type HookBlock, type LocalStack, localStack } from '../support/local-stack.ts'

const canary = 'canary-3f9a1c77e0'

interface FailingDump {
  title: string
  hook: HookBlock
  code: string
  says: RegExp
}

const failing: FailingDump[] = [
  {
    title: 'exits with 7 after megabytes',
    hook: { dump: 'head -c 20000000 /dev/urandom; cat .env >&2; echo "no such role" >&2; exit 7' },
    code: 'HOOK_FAILED',
    says: /dump hook of service db exited with 7[\s\S]*\[redacted\][\s\S]*no such role/,
  },
  {
    title: 'is killed by a signal',
    hook: { dump: 'head -c 3000000 /dev/zero; cat .env >&2; kill -KILL $$' },
    code: 'HOOK_FAILED',
    says: /was ended by SIGKILL[\s\S]*\[redacted\]/,
  },
  {
    title: 'is cut inside a pipe that the shell hides, and is empty',
    hook: { dump: 'false | cat' },
    code: 'DUMP_EMPTY',
    says: /exited with 0 and wrote nothing/,
  },
  {
    title: 'is empty with exit code 0',
    hook: { dump: ['true'] },
    code: 'DUMP_EMPTY',
    says: /wrote nothing[\s\S]*allow_empty/,
  },
  {
    title: 'hangs past its timeout',
    hook: { dump: 'head -c 3000000 /dev/zero; sleep 300', timeout: '1s' },
    code: 'HOOK_TIMEOUT',
    says: /took longer than 1 s and was ended[\s\S]*timeout/,
  },
  {
    title: 'hangs, deaf to SIGTERM, with children in sessions of their own',
    hook: { dump: 'trap "" TERM; setsid sleep 300 & echo data; sleep 300; sleep 300', timeout: '1s' },
    code: 'HOOK_TIMEOUT',
    says: /took longer than 1 s and was ended/,
  },
  {
    title: 'never stops writing to stderr',
    hook: { dump: 'echo data; cat .env >&2; yes "$(cat .env)" >&2', timeout: '1s' },
    code: 'HOOK_TIMEOUT',
    says: /was ended/,
  },
  {
    title: 'never stops writing to stdout',
    hook: { dump: 'yes', timeout: '1s' },
    code: 'HOOK_TIMEOUT',
    says: /was ended/,
  },
  {
    title: 'fails and leaves a quiet process behind',
    hook: { dump: 'sleep 300 >/dev/null 2>&1 </dev/null & echo data; exit 3' },
    code: 'HOOK_FAILED',
    says: /exited with 3/,
  },
  {
    title: 'exits with 0 and leaves a process that holds its output open',
    hook: { dump: 'sleep 300 & echo data' },
    code: 'RUNTIME_FAILED',
    says: /left behind/,
  },
  { title: 'does not exist', hook: { dump: ['angee-no-such-program'] }, code: 'HOOK_FAILED', says: /exited with 127/ },
]

describe('a dump that fails', () => {
  let stack: LocalStack

  beforeEach(async () => {
    stack = await localStack({
      persist: { app: './data', store: './store' },
      files: { 'data/file': 'kept', 'store/db': 'rows', '.env': `DB_PASSWORD="${canary}"\n` },
    })
  })
  afterEach(() => stack[Symbol.asyncDispose]())

  it.each(failing)('$title: no snapshot, a clear error, nothing running, no lock', async ({ hook, code, says }) => {
    await stack.declare({ db: { ...fileHook, covers: ['store'], ...hook } })
    const failed = await stack.angee(['stack', 'backup', '--name', 'wanted'])
    expect(failed.code, failed.stderr).toBe(1)
    expect(failed.stderr).toContain(`(${code})`)
    expect(failed.stderr).toMatch(says)
    expect(failed.stderr).toMatch(/hint: \S/)
    expect(failed.stdout).toBe('')
    expect(failed.stderr.length).toBeLessThan(8_000)
    expect(await stack.processes()).toEqual([])
    await nothingLeft()

    await stack.declare({ db: { ...fileHook, covers: ['store'] } })
    const next = await stack.angee(['stack', 'backup', '--name', 'wanted'])
    expect(next.code, next.stderr).toBe(0)
    expect((await stack.snapshots()).map(({ name }) => name)).toEqual(['wanted'])
  })

  it('says the same on stdout as JSON, redacted as well', async () => {
    await stack.declare({ db: { ...fileHook, dump: 'cat .env >&2; exit 4' } })
    const failed = await stack.angee(['stack', 'backup', '--json'])
    expect(failed.code).toBe(1)
    const last = JSON.parse(failed.stdout.trim().split('\n').at(-1) ?? '') as Record<string, unknown>
    expect(last).toMatchObject({
      type: 'error',
      code: 'HOOK_FAILED',
      exitCode: 1,
      context: { service: 'db', exitCode: 4 },
    })
    expect(failed.stdout + failed.stderr).not.toContain(canary)
    expect(failed.stdout).toContain('[redacted]')
    await nothingLeft()
  })

  it('that floods stderr with 400 MB before it fails takes no memory for it', async () => {
    await stack.declare({
      db: { ...fileHook, dump: 'head -c 400000000 /dev/zero | tr "\\0" e >&2; echo >&2; echo the end >&2; exit 1' },
    })
    const { code, stderr, peakBytes } = await angeeWithPeak(stack.root, ['stack', 'backup'])
    expect(code).toBe(1)
    expect(stderr).toContain('the end')
    expect(stderr.length).toBeLessThan(8_000)
    expect(peakBytes).toBeGreaterThan(10_000_000)
    // Far less than was written: only the end is kept. The rest is what the collector has not got round to.
    expect(peakBytes).toBeLessThan(300_000_000)
    await nothingLeft()
  })

  it('stops the other dumps and their processes', async () => {
    await stack.declare({
      slow: { ...fileHook, dump: 'echo data; sleep 300' },
      db: { ...fileHook, dump: 'sleep 0.3; exit 9' },
    })
    const failed = await stack.angee(['stack', 'backup'])
    expect(failed.code).toBe(1)
    expect(failed.stderr).toMatch(/service db exited with 9/)
    expect(await stack.processes()).toEqual([])
    await nothingLeft()
  })

  it('with --allow-partial keeps the rest as a partial snapshot that is never the latest', async () => {
    await stack.declare({ db: { ...fileHook, dump: 'echo half; exit 9', covers: ['store'] } })
    const partial = await stack.angee(['stack', 'backup', '--allow-partial'])
    expect(partial.code, partial.stderr).toBe(3)
    const [record] = await stack.snapshots()
    expect(record).toMatchObject({ status: 'partial' })
    expect((await stack.angee(['stack', 'restore', 'latest', '--yes'])).code).toBe(13)
    expect((await stack.angee(['stack', 'restore', record?.id ?? '', '--yes'])).stderr).toContain('SNAPSHOT_PARTIAL')
    const stored = await readdir(join(stack.root, 'backups', 'snapshots', record?.id ?? '', 'parts'))
    expect(stored).toEqual(['persist.app.tar.zst'])
    expect(await stack.leftovers()).toEqual([])
  })

  it.each([
    ['before', { before: 'echo frozen >> log; exit 5' }],
    ['the dump', { before: 'echo frozen >> log', dump: 'echo half; exit 5' }],
    ['after', { before: 'echo frozen >> log', after: 'echo thawed >> log; exit 5' }],
  ])('when %s fails, after has run once', async (_, hook: HookBlock) => {
    await stack.declare({ db: { ...fileHook, after: 'echo thawed >> log', ...hook } })
    const failed = await stack.angee(['stack', 'backup'])
    expect(failed.code).toBe(1)
    expect(failed.stderr).toContain('exited with 5')
    expect(await readFile(join(stack.root, 'log'), 'utf8')).toBe('frozen\nthawed\n')
    expect(await stack.snapshots()).toEqual([])
    expect(await stack.processes()).toEqual([])
  })

  it('runs the after that a killed backup still owed, once, before the next one', async () => {
    await stack.declare({
      db: {
        ...fileHook,
        before: 'echo frozen >> log',
        after: 'echo thawed >> log',
        dump: 'kill -KILL $PPID; sleep 300',
      },
    })
    const killed = await stack.angee(['stack', 'backup'])
    expect(killed.code).toBe(null)
    expect(await readFile(join(stack.root, 'log'), 'utf8')).toBe('frozen\n')
    await stack.declare({ db: { ...fileHook, before: 'echo frozen >> log', after: 'echo thawed >> log' } })
    const next = await stack.angee(['stack', 'backup'])
    expect(next.code, next.stderr).toBe(0)
    expect(await readFile(join(stack.root, 'log'), 'utf8')).toBe('frozen\nthawed\nfrozen\nthawed\n')
    await nothingLeft(1)
  })

  it('an interrupted one exits with 130 and leaves nothing', async () => {
    await stack.declare({ db: { ...fileHook, dump: 'echo data; kill -INT $PPID; sleep 300' } })
    const interrupted = await stack.angee(['stack', 'backup'])
    expect(interrupted.code, interrupted.stderr).toBe(130)
    expect(interrupted.stderr).toContain('INTERRUPTED')
    expect(await stack.processes()).toEqual([])
    await nothingLeft()
  })

  /** No snapshot but `count`, no bytes without a manifest, no journal, no lock, and the canary nowhere. */
  async function nothingLeft(count = 0): Promise<void> {
    expect(await stack.snapshots()).toHaveLength(count)
    expect(await stack.leftovers()).toEqual([])
    for (const directory of ['run', 'backups']) {
      const entries = await readdir(join(stack.root, directory), { recursive: true, withFileTypes: true })
      for (const entry of entries.filter((one) => one.isFile())) {
        expect((await readFile(join(entry.parentPath, entry.name))).includes(canary), entry.name).toBe(false)
      }
    }
  }
})
