import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { engineSuite } from '@angee/testkit'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { must } from '../support/angee.ts'
import { startAngee } from '../support/angee-process.ts'
import { type ContainerStack, containerStack } from '../support/container-stack.ts'
import { fileHook, type HookBlock } from '../support/local-stack.ts'
import { processesMarked } from '../support/processes.ts'

engineSuite('a dump that fails in a container', ['docker', 'base-image'], () => {
  let stack: ContainerStack

  beforeEach(async () => {
    stack = await containerStack({
      db: fileHook,
      other: { ...fileHook, dump: 'cat data/file', restore: 'cat > data/file' },
    })
  })
  afterEach(() => stack[Symbol.asyncDispose]())

  /** The hooks with changes to that of `db` and of `other`; what they start can be found by the mark. */
  const declare = (db: HookBlock, other: HookBlock = {}) =>
    stack.declare({
      db: { ...fileHook, covers: ['store'], env: { ANGEE_TEST_MARK: stack.mark }, ...db },
      other: { dump: 'cat data/file', restore: 'cat > data/file', env: { ANGEE_TEST_MARK: stack.mark }, ...other },
    })

  it.each([
    [
      'exits with 7 after megabytes',
      { dump: 'head -c 20000000 /dev/urandom; echo no such role >&2; exit 7' },
      'HOOK_FAILED',
      /exited with 7[\s\S]*no such role/,
    ],
    ['is killed by a signal', { dump: 'head -c 3000000 /dev/zero; kill -KILL $$' }, 'HOOK_FAILED', /137|SIGKILL/],
    ['is empty', { dump: 'true' }, 'DUMP_EMPTY', /wrote nothing/],
    [
      'hangs past its timeout',
      { dump: 'head -c 3000000 /dev/zero; sleep 300', timeout: '2s' },
      'HOOK_TIMEOUT',
      /longer than 2 s/,
    ],
    ['never stops writing to stderr', { dump: 'echo data; yes >&2', timeout: '2s' }, 'HOOK_TIMEOUT', /longer than 2 s/],
    [
      'fails and leaves a quiet process behind',
      { dump: 'sleep 300 >/dev/null 2>&1 </dev/null & echo data; exit 3' },
      'HOOK_FAILED',
      /exited with 3/,
    ],
  ])('%s: no snapshot, a clear error, nothing running inside', async (_, hook: HookBlock, code, says) => {
    await declare(hook)
    const failed = await stack.angee(['stack', 'backup'])
    expect(failed.code, failed.stderr).toBe(1)
    expect(failed.stderr).toContain(`(${code})`)
    expect(failed.stderr).toMatch(says)
    await nothingLeft(0)
    await declare({})
    await succeeds(['stack', 'backup'])
  })

  it('because its container is stopped in the middle: no snapshot, and the next one works', async () => {
    await declare({ dump: 'head -c 9000000 /dev/zero; touch store/begun; sleep 300' })
    const { ended } = startAngee(stack.root, ['stack', 'backup'])
    await exists(join(stack.root, 'store', 'begun'))
    await stack.compose('stop', '-t', '0', 'db')
    const failed = await ended
    expect(failed.code, failed.stderr).toBe(1)
    expect(failed.stderr).toMatch(/hint: \S/)
    await nothingLeft(0)
    await declare({})
    const refused = await stack.angee(['stack', 'backup'])
    expect(refused.stderr).toContain('(SERVICE_NOT_RUNNING)')
    await stack.compose('start', 'db')
    await succeeds(['stack', 'backup'])
  })

  it.each(['pause', 'stop'])(
    'brings back a service under quiesce: %s, and runs after, when another part fails',
    async (quiesce) => {
      await declare(
        { quiesce, before: 'echo frozen >> store/log', after: 'echo thawed >> store/log' },
        { dump: 'echo half; exit 9' },
      )
      const failed = await stack.angee(['stack', 'backup'])
      expect(failed.code, failed.stderr).toBe(1)
      expect(failed.stderr).toContain('service other exited with 9')
      expect(await stack.states()).toEqual({ db: 'running', other: 'running' })
      expect(await readFile(join(stack.root, 'store', 'log'), 'utf8')).toBe('frozen\nthawed\n')
      await nothingLeft(0)
    },
  )

  it.each([
    ['pause', 'paused'],
    ['stop', 'exited'],
  ])('brings back a service under quiesce: %s after kill -9, with the next command', async (quiesce, state) => {
    await declare({ quiesce, after: 'echo thawed >> store/log' }, { dump: 'touch data/begun; sleep 300' })
    const { child, ended } = startAngee(stack.root, ['stack', 'backup'])
    await exists(join(stack.root, 'data', 'begun'))
    child.kill('SIGKILL')
    expect((await ended).code).toBe(null)
    expect(await stack.states()).toEqual({ db: state, other: 'running' })
    await declare({ after: 'echo thawed >> store/log' })
    await succeeds(['stack', 'backup'])
    expect(await stack.states()).toEqual({ db: 'running', other: 'running' })
    expect(await readFile(join(stack.root, 'store', 'log'), 'utf8')).toBe('thawed\nthawed\n')
    expect(await stack.snapshots()).toHaveLength(1)
    expect(await stack.leftovers()).toEqual([])
  })

  it('an interrupted backup thaws what it froze', async () => {
    await declare({ quiesce: 'pause' }, { dump: 'touch data/begun; sleep 300' })
    const { child, ended } = startAngee(stack.root, ['stack', 'backup'])
    await exists(join(stack.root, 'data', 'begun'))
    child.kill('SIGINT')
    expect((await ended).code).toBe(130)
    expect(await stack.states()).toEqual({ db: 'running', other: 'running' })
    await nothingLeft(0)
  })

  it('a damaged snapshot is refused without a service being stopped', async () => {
    await declare({})
    await succeeds(['stack', 'backup', '--name', 'wanted'])
    const id = (await stack.snapshots())[0]?.id ?? ''
    const path = join(stack.root, 'backups', 'snapshots', id, 'parts', 'persist.app.tar.zst')
    const bytes = await readFile(path)
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1
    await writeFile(path, bytes)
    const started = await startedAt()
    const refused = await stack.angee(['stack', 'restore', 'wanted', '--yes'])
    expect(refused.code, refused.stderr).toBe(14)
    expect(await startedAt()).toBe(started)
  })

  it('a restore over running services leaves them running, sees the new files inside, and is undone when it fails', async () => {
    await declare({ restore: 'cat > store/db; ! grep -q poison store/db' })
    await succeeds(['stack', 'backup', '--name', 'wanted'])
    await writeFile(join(stack.root, 'data', 'file'), 'changed')
    await writeFile(join(stack.root, 'store', 'db'), 'poison')
    await succeeds(['stack', 'backup', '--name', 'poison'])
    await succeeds(['stack', 'restore', 'wanted', '--yes'])
    expect(await stack.compose('exec', '-T', 'other', 'cat', 'data/file')).toBe('kept')
    expect(await stack.compose('exec', '-T', 'db', 'cat', 'store/db')).toBe('rows')
    const failed = await stack.angee(['stack', 'restore', 'poison', '--yes'])
    expect(failed.code, failed.stderr).toBe(1)
    expect(failed.stderr).toContain('the stack is as it was')
    expect(await stack.compose('exec', '-T', 'other', 'cat', 'data/file')).toBe('kept')
    expect(await stack.compose('exec', '-T', 'db', 'cat', 'store/db')).toBe('rows')
    expect(await stack.states()).toEqual({ db: 'running', other: 'running' })
    await nothingLeft(4)
  })

  async function nothingLeft(snapshots: number): Promise<void> {
    expect(await stack.snapshots()).toHaveLength(snapshots)
    expect(await stack.leftovers()).toEqual([])
    expect(await processesMarked(stack.mark)).toEqual([])
  }

  /** When each container was started last. */
  async function startedAt(): Promise<string> {
    const ids = (await stack.compose('ps', '-q')).trim().split('\n')
    return must('docker', ['inspect', '--format', '{{.Name}} {{.State.StartedAt}}', ...ids], stack.root)
  }

  async function succeeds(args: string[]): Promise<void> {
    const { code, stderr } = await stack.angee(args)
    expect(code, `${args.join(' ')}: ${stderr}`).toBe(0)
  }
})

/** Waits until a hook has made the file, and removes it. */
async function exists(path: string): Promise<void> {
  while ((await stat(path).catch(() => undefined)) === undefined) await setTimeout(50)
  await rm(path)
}
