import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { treeTools } from '@angee/archive'
import { backendDescriptor, isAngeeError, parseOptions } from '@angee/core'
import { descriptorSuite, testContext } from '@angee/testkit'
import { describe, expect, it } from 'vitest'
import localfs from '../src/index.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const parse = (given: Record<string, unknown>) => parseOptions(localfs.options, given, 'backup_backend')
const open = (stackRoot: string, path: string) =>
  localfs.open({ options: { path }, stackRoot, trees: treeTools }, testContext())

descriptorSuite(
  { describe, it },
  {
    name: 'localfs',
    descriptor: localfs,
    trees: treeTools,
    open: async () => ({ options: { path: './backups' }, async [Symbol.asyncDispose]() {} }),
  },
)

describe('the options', () => {
  it('default to a directory beside angee.yaml', () => {
    expect(parse({})).toEqual({ path: './backups' })
  })

  it.each([
    [{ path: '' }, 'backup_backend.path: write a directory'],
    [{ path: 7 }, 'backup_backend.path: write a directory'],
    [{ path: '~/backups' }, 'backup_backend.path: "~" is not expanded'],
    [{ path: 's3://bucket' }, 'backup_backend.path: write a directory'],
    [{ path: './b', bucket: 'x' }, 'backup_backend: localfs knows no "bucket", only "path" and "encryption"'],
  ])('refuse %j', (given, message) => {
    expect(() => parse(given)).toThrow(message)
  })
})

describe('the descriptor', () => {
  it('is registered by the register entry', async () => {
    await import('../src/register.ts')
    expect(backendDescriptor('localfs')).toBe(localfs)
  })

  it('resolves a relative path from the stack root, and writes nothing when opened', async () => {
    await using directory = await temporaryDirectory()
    await using backend = await open(directory.path, './backups')
    expect(backend).toMatchObject({
      type: 'localfs',
      location: join(directory.path, 'backups'),
      localDirectory: join(directory.path, 'backups'),
      capabilities: { encrypts: false, incremental: true, remote: false },
    })
    expect(await readdir(directory.path)).toEqual([])
  })

  it('keeps a directory inside the stack out of git, and no other', async () => {
    await using stack = await temporaryDirectory()
    await using elsewhere = await temporaryDirectory()
    await using inside = await open(stack.path, './backups')
    await using outside = await open(stack.path, join(elsewhere.path, 'backups'))
    await inside.preflight(testContext())
    await outside.preflight(testContext())
    expect(await readdir(join(stack.path, 'backups'))).toContain('.gitignore')
    expect(await readdir(join(elsewhere.path, 'backups'))).not.toContain('.gitignore')
  })

  it.each(['.', './', '..', '/', 'sub/..'])('refuses %s, which holds the stack itself', async (path) => {
    const refusal = await open('/srv/stacks/mine', path).catch((error: unknown) => error)
    expect(isAngeeError(refusal, 'BACKEND_OPTIONS_INVALID')).toBe(true)
  })
})
