import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { must } from '../support/angee.ts'
import { type LocalStack, localStack } from '../support/local-stack.ts'
import { mountSuite, tmpfs } from '../support/tmpfs.ts'

/** A directory that is mounted cannot be renamed: its children are swapped instead. */
mountSuite('a persist entry that is a mount point', () => {
  let stack: LocalStack
  let disks: AsyncDisposableStack

  beforeEach(() => {
    disks = new AsyncDisposableStack()
  })
  afterEach(async () => {
    await disks.disposeAsync()
    await stack[Symbol.asyncDispose]()
  })

  it.each([
    ['the entry itself', ['data'], { app: './data' }],
    ['the entry itself, with a nested one in it', ['data'], { app: './data', inner: './data/inner' }],
    ['a nested entry', ['data/inner'], { app: './data', inner: './data/inner' }],
    ['an entry and the one nested in it', ['data', 'data/inner'], { app: './data', inner: './data/inner' }],
  ])(
    '%s: is restored, stays mounted, and the restore can be undone',
    async (_, mounts, persist: Record<string, string>) => {
      stack = await localStack({ persist })
      for (const mount of mounts) disks.use(await tmpfs(join(stack.root, mount), 'size=8m,mode=0750'))
      const write = async (path: string, content: string) => {
        await must('mkdir', ['-p', join(stack.root, path, '..')], '/')
        await writeFile(join(stack.root, path), content)
      }
      await write('data/file', 'new')
      await write('data/deep/only-new', 'new')
      await write('data/inner/file', 'new')
      await succeeds(['stack', 'backup', '--name', 'wanted'])
      const fresh = await stack.look()
      await rm(join(stack.root, 'data', 'deep'), { recursive: true })
      await write('data/only-old', 'old')
      await write('data/file', 'old')
      await write('data/inner/file', 'old')
      const old = await stack.look()

      await succeeds(['stack', 'restore', 'wanted', '--yes'])
      expect(await stack.look()).toEqual(fresh)
      await stillMounted(mounts)
      await succeeds(['stack', 'restore', '--undo', '--yes'])
      expect(await stack.look()).toEqual(old)
      await stillMounted(mounts)
      expect(await stack.leftovers()).toEqual([])
    },
  )

  it('a mount inside an entry that is no entry of its own: refused, nothing touched', async () => {
    stack = await localStack({ files: { 'data/file': 'new' } })
    await succeeds(['stack', 'backup', '--name', 'wanted'])
    disks.use(await tmpfs(join(stack.root, 'data', 'cache'), 'size=1m'))
    await writeFile(join(stack.root, 'data', 'file'), 'old')
    const old = await stack.look()
    const refused = await stack.angee(['stack', 'restore', 'wanted', '--yes'])
    expect(refused.code, refused.stderr).toBe(1)
    expect(refused.stderr).toContain('(RESTORE_CONFLICT)')
    expect(refused.stderr).toContain(join(stack.root, 'data', 'cache'))
    expect(await stack.look()).toEqual(old)
    expect(await stack.leftovers()).toEqual([])
  })

  async function stillMounted(mounts: string[]): Promise<void> {
    const table = await readFile('/proc/self/mountinfo', 'utf8')
    for (const mount of mounts) expect(table).toContain(` ${join(stack.root, mount)} `)
  }

  async function succeeds(args: string[]): Promise<void> {
    const { code, stderr } = await stack.angee(args)
    expect(code, `${args.join(' ')}: ${stderr}`).toBe(0)
  }
})
