import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildTree, describeTree } from '@angee/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { localStack } from '../support/local-stack.ts'

/** A persist entry that holds the stack root: what must never be captured lies right in what is swapped. */
describe('a persist entry around the stack itself', () => {
  let scratch: string

  beforeEach(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'angee-whole-'))
  })
  afterEach(() => rm(scratch, { recursive: true, force: true }))

  it.each([
    ['a stack root', '.'],
    ['a project with an .angee directory', '.angee'],
  ])('%s: is restored around secrets, state and snapshots, and undone', async (_, below) => {
    const root = join(scratch, below)
    await using stack = await localStack({ root, persist: { all: './', inner: './inner' } })
    const look = async () =>
      (await describeTree(scratch)).filter((line) => !/^(\.angee\/)?(run|backups)[/ ]/.test(line))
    const succeeds = async (...args: string[]) => {
      const { code, stderr } = await stack.angee(['stack', ...args])
      expect(code, stderr).toBe(0)
    }
    await writeFile(join(root, '.env'), 'SECRET=of-then')
    await buildTree(scratch, { file: 'new', 'deep/only-new': 'new', 'inner/file': 'new' })
    await succeeds('backup', '--name', 'wanted')
    const fresh = await look()
    await rm(join(scratch, 'deep'), { recursive: true })
    await buildTree(scratch, { file: 'old', 'only-old': 'old', 'inner/file': 'old' })
    const old = await look()

    await succeeds('restore', 'wanted', '--yes')
    expect(await look()).toEqual(fresh)
    expect(await readFile(join(root, '.env'), 'utf8')).toBe('SECRET=of-then')
    await succeeds('backup', 'verify', '--all')
    await succeeds('restore', '--undo', '--yes')
    expect(await look()).toEqual(old)
    expect(await stack.leftovers()).toEqual([])
  })
})
