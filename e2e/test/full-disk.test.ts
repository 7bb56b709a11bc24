import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, statfs, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type LocalStack, localStack } from '../support/local-stack.ts'
import { mountSuite, tmpfs } from '../support/tmpfs.ts'

const mebibyte = 1024 * 1024
const hook = { dump: 'cat store/db', restore: 'cat > store/db', covers: ['store'] }

mountSuite('a full disk', () => {
  let scratch: string
  let stack: LocalStack
  let disks: AsyncDisposableStack

  beforeEach(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'angee-full-'))
    disks = new AsyncDisposableStack()
  })
  afterEach(async () => {
    await disks.disposeAsync()
    await stack[Symbol.asyncDispose]()
    await rm(scratch, { recursive: true, force: true })
  })

  async function begin(disk: 'root' | 'backups', options: string): Promise<void> {
    disks.use(await tmpfs(join(scratch, disk), options))
    stack = await localStack({
      root: join(scratch, 'root'),
      backups: join(scratch, 'backups'),
      persist: { app: './data', store: './store' },
      hooks: { db: hook },
      files: { 'data/file': 'kept', 'store/db': 'rows' },
    })
  }

  it('under the backups: a backup fails, leaves nothing, and earlier snapshots stay whole', async () => {
    await begin('backups', 'size=20m')
    await succeeds(['stack', 'backup', '--name', 'first'])
    await writeFile(join(stack.root, 'data', 'large'), randomBytes(32 * mebibyte))
    const failed = await stack.angee(['stack', 'backup', '--name', 'second'])
    expect(failed.code, failed.stderr).toBe(1)
    expect(failed.stderr).toMatch(/no space left[\s\S]*\(SPACE_INSUFFICIENT\)/i)
    expect((await stack.snapshots()).map(({ name }) => name)).toEqual(['first'])
    expect(await stack.leftovers()).toEqual([])
    await succeeds(['stack', 'backup', 'verify', '--all'])
    await rm(join(stack.root, 'data', 'large'))
    await succeeds(['stack', 'backup', '--name', 'second'])
  })

  it('under the backups during a dump: the dump is ended, nothing is left', async () => {
    await begin('backups', 'size=20m')
    await writeFile(join(stack.root, 'store', 'db'), randomBytes(32 * mebibyte))
    const failed = await stack.angee(['stack', 'backup', '--only', 'service/db'])
    expect(failed.code, failed.stderr).toBe(1)
    expect(failed.stderr).toMatch(/SPACE_INSUFFICIENT/)
    expect(await stack.processes()).toEqual([])
    expect(await stack.leftovers()).toEqual([])
  })

  it('under the backups during the safety snapshot: the restore is not begun', async () => {
    await begin('backups', 'size=20m')
    await succeeds(['stack', 'backup', '--name', 'wanted'])
    await writeFile(join(stack.root, 'data', 'large'), randomBytes(32 * mebibyte))
    const old = await stack.look()
    const failed = await stack.angee(['stack', 'restore', 'wanted', '--yes'])
    expect(failed.code, failed.stderr).toBe(1)
    expect(failed.stderr).toMatch(/no space left[\s\S]*SAFETY_SNAPSHOT_FAILED/i)
    expect(failed.stderr).toContain('--no-safety')
    expect(await stack.look()).toEqual(old)
    expect(await stack.leftovers()).toEqual([])
    await succeeds(['stack', 'restore', 'wanted', '--yes', '--no-safety'])
    expect(await readFile(join(stack.root, 'data', 'file'), 'utf8')).toBe('kept')
  })

  it('under the stack: a restore that cannot fit is refused with the numbers, before it begins', async () => {
    await begin('root', 'size=16m')
    await writeFile(join(stack.root, 'data', 'large'), randomBytes(10 * mebibyte))
    await succeeds(['stack', 'backup', '--name', 'wanted'])
    const old = await stack.look()
    const failed = await stack.angee(['stack', 'restore', 'wanted', '--yes'])
    expect(failed.code, failed.stderr).toBe(1)
    expect(failed.stderr).toContain('(SPACE_INSUFFICIENT)')
    expect(failed.stderr).toMatch(/needs \d+ bytes[\s\S]*--only/)
    expect(await stack.look()).toEqual(old)
    expect(await stack.leftovers()).toEqual([])
  })

  it('under the stack while staging: the restore is undone and gives back every byte', async () => {
    await begin('root', 'size=64m,nr_inodes=400')
    await mkdir(join(stack.root, 'data', 'many'))
    for (let index = 0; index < 250; index++) await writeFile(join(stack.root, 'data', 'many', `${index}`), `${index}`)
    await succeeds(['stack', 'backup', '--name', 'wanted'])
    const old = await stack.look()
    const free = (await statfs(stack.root)).ffree
    const failed = await stack.angee(['stack', 'restore', 'wanted', '--yes'])
    expect(failed.code, failed.stderr).toBe(1)
    expect(failed.stderr).toContain('(SPACE_INSUFFICIENT)')
    expect(await stack.look()).toEqual(old)
    expect(await stack.leftovers()).toEqual([])
    expect(Math.abs((await statfs(stack.root)).ffree - free)).toBeLessThan(10)
  })

  it('under the stack because of what the restore hook writes: the restore is undone', async () => {
    await begin('root', 'size=16m')
    await writeFile(join(stack.root, 'store', 'db'), Buffer.concat([Buffer.from('poison'), randomBytes(4 * mebibyte)]))
    await succeeds(['stack', 'backup', '--name', 'wanted'])
    await writeFile(join(stack.root, 'data', 'file'), 'old')
    await writeFile(join(stack.root, 'store', 'db'), 'old rows')
    const restore = 'rm -f store/log; cat > store/db; ! grep -q poison store/db || { cat /dev/zero > store/log; }'
    await stack.declare({ db: { ...hook, restore } })
    const old = await stack.look()
    const failed = await stack.angee(['stack', 'restore', 'wanted', '--yes'])
    expect(failed.code, failed.stderr).toBe(1)
    expect(failed.stderr).toContain('No space left on device')
    expect(failed.stderr).toContain('the stack is as it was')
    const timeless = (lines: string[]) =>
      lines.map((line) => (line.startsWith('store') ? line.replace(/ \d{18,19}/, '') : line))
    expect(timeless(await stack.look())).toEqual(timeless(old))
    expect(await stack.leftovers()).toEqual([])
  })

  it('under the stack so that not even the journal can be written: a backup fails and leaves nothing', async () => {
    await begin('root', 'size=4m')
    await succeeds(['stack', 'backup', '--name', 'first'])
    const { bavail, bsize } = await statfs(stack.root)
    await writeFile(join(stack.root, 'data', 'filler'), Buffer.alloc(bavail * bsize))
    const failed = await stack.angee(['stack', 'backup'])
    expect(failed.code, failed.stderr).toBe(1)
    expect(failed.stderr).toMatch(/hint: \S/)
    expect(failed.stderr).not.toContain('bug in angee')
    await rm(join(stack.root, 'data', 'filler'))
    await succeeds(['stack', 'backup', '--name', 'second'])
    expect((await stack.snapshots()).map(({ name }) => name)).toEqual(['first', 'second'])
    await succeeds(['stack', 'backup', 'verify', '--all'])
  })

  async function succeeds(args: string[]): Promise<void> {
    const { code, stderr } = await stack.angee(args)
    expect(code, `${args.join(' ')}: ${stderr}`).toBe(0)
  }
})
