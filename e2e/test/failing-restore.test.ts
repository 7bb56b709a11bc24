import { readdir, readFile, rm, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type HookBlock, type LocalStack, localStack, writeManifest } from '../support/local-stack.ts'

const persist = { app: './data', inner: './data/inner', store: './data/deep/store' }
/** Loads everything but what says that it is poison: that it takes half, and then does `poisoned`. */
const hookThat = (poisoned: string): HookBlock => ({
  dump: 'test ! -e trap || { kill -INT $PPID; sleep 300; }; cat data/deep/store/db',
  restore: `cat > data/deep/store/db; if grep -q poison data/deep/store/db; then ${poisoned}; fi`,
  covers: ['store'],
})

describe('a restore that cannot be done', () => {
  let stack: LocalStack
  let old: string[]

  /** A stack that holds `old` everything, and a snapshot named `wanted` that holds `new` everything and poison. */
  beforeEach(async () => {
    stack = await localStack({
      persist,
      hooks: { db: hookThat('echo no such luck >&2; exit 3') },
      files: {
        'data/file': 'new',
        'data/only-new': 'new',
        'data/inner/file': 'new',
        'data/deep/store/db': 'poison '.repeat(1000),
      },
    })
    await succeeds(['stack', 'backup', '--name', 'wanted'])
    await rm(join(stack.root, 'data', 'only-new'))
    await writeFile(join(stack.root, 'data', 'file'), 'old')
    await writeFile(join(stack.root, 'data', 'only-old'), 'old')
    await writeFile(join(stack.root, 'data', 'inner', 'file'), 'old')
    await writeFile(join(stack.root, 'data', 'deep', 'store', 'db'), 'old rows')
    old = await stack.look()
  })
  afterEach(() => stack[Symbol.asyncDispose]())

  it.each(['manifest.json', 'parts/persist.app.tar.zst', 'parts/persist.inner.tar.zst', 'parts/service.db.zst'])(
    'is refused before anything is touched when %s is damaged',
    async (name) => {
      const id = (await stack.snapshots())[0]?.id ?? ''
      const path = join(stack.root, 'backups', 'snapshots', id, name)
      const whole = await readFile(path)
      const part = /(persist|service)\.(\w+)/.exec(name)
      const named = part ? `${part[1]}/${part[2]}` : 'manifest'
      for (const [what, bytes] of damages(whole)) {
        await (bytes === undefined ? unlink(path) : writeFile(path, bytes))
        const gone = name === 'manifest.json' && bytes === undefined
        const verified = await stack.angee(['stack', 'backup', 'verify', id])
        expect(verified.code, `${what}: ${verified.stderr}`).toBe(gone ? 13 : 14)
        if (!gone) expect(verified.stdout, what).toContain(named)
        const refused = await stack.angee(['stack', 'restore', id, '--yes'])
        expect(refused.code, `${what}: ${refused.stderr}`).toBe(gone ? 13 : 14)
        expect(refused.stderr).toMatch(/hint: \S/)
        expect(await stack.look(), what).toEqual(old)
        await writeFile(path, whole)
      }
      expect(await stack.leftovers()).toEqual([])
      await succeeds(['stack', 'backup', 'verify', id])
      expect((await stack.snapshots()).map((one) => one.name)).toEqual(['wanted'])
    },
  )

  it('is undone when the restore hook fails: files, data of the service, exit code 1', async () => {
    const failed = await stack.angee(['stack', 'restore', 'wanted', '--yes'])
    expect(failed.code).toBe(1)
    expect(failed.stderr).toContain('no such luck')
    expect(failed.stderr).toContain('the stack is as it was')
    expect(failed.stderr).toContain('(HOOK_FAILED)')
    await isOld()
    const safety = (await stack.snapshots()).find(({ purpose }) => purpose === 'safety')
    expect(safety).toBeDefined()
    await succeeds(['stack', 'backup', 'verify', safety?.id ?? ''])
  })

  it('is marked and refuses other work while undoing fails as well, and is undone when it can be', async () => {
    await stack.declare({ db: { ...hookThat('exit 3'), restore: 'cat > data/deep/store/db; exit 3' } })
    const stuck = await stack.angee(['stack', 'restore', 'wanted', '--yes'])
    expect(stuck.code).toBe(1)
    expect(stuck.stderr).toContain('(RESTORE_UNFINISHED)')
    for (const args of [['backup'], ['restore', 'wanted', '--yes'], ['restore', '--undo', '--yes']]) {
      const refused = await stack.angee(['stack', ...args])
      expect(refused.code, args.join(' ')).toBe(1)
      expect(refused.stderr).toContain('(RESTORE_UNFINISHED)')
    }
    await stack.declare({ db: hookThat('exit 3') })
    await succeeds(['stack', 'backup'])
    await isOld()
  })

  it('without a safety snapshot says that it is half done, and a good one goes over it with --abandon', async () => {
    await succeeds(['stack', 'backup', '--name', 'good'])
    const stuck = await stack.angee(['stack', 'restore', 'wanted', '--yes', '--no-safety'])
    expect(stuck.code).toBe(1)
    expect(stuck.stderr).toContain('(RESTORE_UNFINISHED)')
    await succeeds(['stack', 'restore', 'good', '--yes', '--abandon', '--no-safety'])
    // What was given up is kept aside for whoever wants to look at it.
    const kept = await stack.leftovers()
    expect(kept.filter((path) => !path.includes('/run/backup/staging/'))).toEqual([])
    await rm(join(stack.root, 'run', 'backup', 'staging'), { recursive: true })
    await isOld()
  })

  it.each([
    ['SIGINT', 'kill -INT $PPID; sleep 300'],
    ['SIGTERM', 'kill -TERM $PPID; sleep 300'],
    ['SIGHUP', 'kill -HUP $PPID; sleep 300'],
  ])('that gets %s while the hook runs exits with 130 and is wholly old', async (_, poisoned) => {
    await stack.declare({ db: hookThat(poisoned) })
    const interrupted = await stack.angee(['stack', 'restore', 'wanted', '--yes'])
    expect(interrupted.code, interrupted.stderr).toBe(130)
    expect(interrupted.stderr).toContain('(INTERRUPTED)')
    await isOld()
  })

  it('that gets SIGINT while the safety snapshot is taken exits with 130 and is wholly old', async () => {
    await writeFile(join(stack.root, 'trap'), '')
    const interrupted = await stack.angee(['stack', 'restore', 'wanted', '--yes'])
    expect(interrupted.code, interrupted.stderr).toBe(130)
    await rm(join(stack.root, 'trap'))
    await isOld()
    expect(await stack.snapshots()).toHaveLength(1)
  })

  it('whose hook hangs past its timeout is undone, and nothing of the hook runs on', async () => {
    await stack.declare({ db: { ...hookThat('sleep 300'), timeout: '1s' } })
    const failed = await stack.angee(['stack', 'restore', 'wanted', '--yes'])
    expect(failed.code).toBe(1)
    expect(failed.stderr).toContain('(HOOK_TIMEOUT)')
    await isOld()
  })

  it('whose hook does not read its input to the end fails or succeeds by its exit code alone', async () => {
    await stack.declare({ db: { ...hookThat('exit 3'), restore: 'head -c 8 > data/deep/store/db' } })
    await succeeds(['stack', 'restore', 'wanted', '--yes', '--only', 'service/db'])
    expect(await readFile(join(stack.root, 'data/deep/store/db'), 'utf8')).toBe('poison p')
  })

  it('that is killed while the hook runs is undone by the next command', async () => {
    await stack.declare({ db: hookThat('kill -KILL $PPID; exit 3') })
    const killed = await stack.angee(['stack', 'restore', 'wanted', '--yes'])
    expect(killed.code).toBe(null)
    await stack.declare({ db: hookThat('exit 3') })
    await succeeds(['stack', 'backup'])
    await isOld()
  })

  it('refuses a part that has no place in this stack, and names the way out', async () => {
    await writeManifest(stack.root, {
      persist: { app: './data', store: './data/deep/store' },
      hooks: { db: hookThat('exit 3') },
    })
    const before = await stack.look()
    const refused = await stack.angee(['stack', 'restore', 'wanted', '--yes'])
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain('(RESTORE_CONFLICT)')
    expect(refused.stderr).toMatch(/persist\/inner[\s\S]*--only/)
    expect(await stack.look()).toEqual(before)
    expect(await stack.leftovers()).toEqual([])
  })

  it('asks for --yes where nobody can be asked, and touches nothing', async () => {
    const refused = await stack.angee(['stack', 'restore', 'wanted'])
    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain('--yes')
    await isOld()
  })

  it('--only replaces that part and keeps every other, nested and covered ones included', async () => {
    await succeeds(['stack', 'restore', 'wanted', '--yes', '--only', 'persist/app'])
    const read = (path: string) => readFile(join(stack.root, 'data', path), 'utf8')
    expect(await readdir(join(stack.root, 'data'))).toEqual(['deep', 'file', 'inner', 'only-new'])
    expect([await read('file'), await read('inner/file'), await read('deep/store/db')]).toEqual([
      'new',
      'old',
      'old rows',
    ])
    await succeeds(['stack', 'restore', '--undo', '--yes'])
    await isOld()
  })

  async function succeeds(args: string[]): Promise<void> {
    const { code, stderr } = await stack.angee(args)
    expect(code, `${args.join(' ')}: ${stderr}`).toBe(0)
  }

  /** The hook writes its data anew when it undoes, so of that only the content is as before. */
  async function isOld(): Promise<void> {
    const timeless = (lines: string[]) =>
      lines
        .filter((line) => !line.startsWith('angee.yaml '))
        .map((line) => (line.startsWith('data/deep/store') ? line.replace(/ \d{18,19}/, '') : line))
    expect(timeless(await stack.look())).toEqual(timeless(old))
    expect(await stack.processes()).toEqual([])
    expect(await stack.leftovers()).toEqual([])
  }
})

/** Every kind of damage a stored object can have; undefined: it is gone. */
function damages(whole: Buffer): [string, Buffer | undefined][] {
  const flipped = [0, Math.floor(whole.length / 2), whole.length - 1].map((at): [string, Buffer] => {
    const bytes = Buffer.from(whole)
    bytes[at] = (bytes[at] ?? 0) ^ 4
    return [`byte ${at} flipped`, bytes]
  })
  return [
    ...flipped,
    ['cut by one byte', whole.subarray(0, -1)],
    ['one byte longer', Buffer.concat([whole, Buffer.from('\n')])],
    ['emptied', Buffer.alloc(0)],
    ['gone', undefined],
  ]
}
