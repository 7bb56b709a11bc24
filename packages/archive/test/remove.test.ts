import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { treeTools } from '../src/index.ts'
import { temporary } from './support/temporary.ts'
import { asRoot, makeWholeTree } from './support/whole-tree.ts'

it('removes a tree with one of everything', async () => {
  const tree = temporary('tree')
  makeWholeTree(tree)
  await treeTools.remove(tree)
  expect(existsSync(tree)).toBe(false)
})

it('takes an absent directory for removed', async () => {
  await treeTools.remove(join(temporary(), 'never/made'))
})

it('follows no link', async () => {
  const [tree, outside] = [temporary('tree'), temporary('outside')]
  writeFileSync(join(outside, 'file'), 'mine')
  symlinkSync(outside, join(tree, 'link'))
  await treeTools.remove(tree)
  expect(existsSync(tree)).toBe(false)
  expect(readdirSync(outside)).toEqual(['file'])
})

it('removes directories that their owner has closed to himself', async () => {
  const tree = temporary('tree')
  mkdirSync(join(tree, 'closed/read-only'), { recursive: true })
  writeFileSync(join(tree, 'closed/read-only/file'), 'x')
  if (asRoot) for (const path of ['..', '.', 'closed', 'closed/read-only']) chownSync(join(tree, path), 65_534, 65_534)
  chmodSync(join(tree, 'closed/read-only'), 0o500)
  chmodSync(join(tree, 'closed'), 0o000)
  if (asRoot) process.seteuid?.(65_534)
  try {
    await treeTools.remove(tree)
  } finally {
    if (asRoot) process.seteuid?.(0)
  }
  expect(existsSync(tree)).toBe(false)
})
