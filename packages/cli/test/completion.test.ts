import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { candidates } from '../src/completion/candidates.ts'
import { completionScript } from '../src/completion/scripts.ts'
import { buildProgram } from '../src/program.ts'
import { angee } from './support/angee.ts'
import { makeStack } from './support/stack.ts'

const lookedAt: (string | undefined)[] = []

async function wordsAfter(...typed: string[]): Promise<string[]> {
  const snapshots = async (root: string | undefined) => {
    lookedAt.push(root)
    return {
      references: [
        { word: 'latest', about: '' },
        { word: 'nightly', about: '' },
      ],
      parts: [{ word: 'persist/app', about: '' }],
    }
  }
  return (
    await candidates(
      buildProgram(() => undefined),
      typed,
      {
        snapshots,
        backends: async () => [{ word: 'offsite', about: '' }],
        workspaces: async () => [{ word: 'experiment', about: '' }],
      },
    )
  ).map(({ word }) => word)
}

describe('completion', () => {
  it('knows the commands, and where snapshots, parts and choices are meant', async () => {
    expect(await wordsAfter('')).toEqual(
      expect.arrayContaining(['stack', 'job', 'workspace', 'operator', 'doctor', 'completion', 'help']),
    )
    expect(await wordsAfter('stack', 'backup', '')).toEqual(
      expect.arrayContaining(['ls', 'show', 'rm', 'verify', 'copy', 'export', 'import', 'reindex', 'help']),
    )
    expect(await wordsAfter('stack', 'restore', '')).toEqual(['latest', 'nightly'])
    expect(await wordsAfter('stack', 'backup', 'rm', 'latest', '')).toEqual(['latest', 'nightly'])
    expect(await wordsAfter('stack', 'backup', 'show', 'latest', '')).toEqual([])
    expect(await wordsAfter('stack', 'restore', 'latest', '--only', '')).toEqual(['persist/app'])
    expect(await wordsAfter('stack', 'backup', 'copy', 'latest', '--to', '')).toEqual(['offsite'])
    expect(await wordsAfter('stack', 'backup', 'export', 'latest', '')).toEqual([])
    expect(await wordsAfter('workspace', '')).toEqual(['create', 'ls', 'destroy', 'help'])
    expect(await wordsAfter('workspace', 'destroy', 'a', '')).toEqual(['experiment'])
    expect(await wordsAfter('workspace', 'create', 'a', '--restore', '')).toEqual(['latest', 'nightly'])
    expect(await wordsAfter('completion', '')).toEqual(['bash', 'zsh', 'fish'])
    expect(await wordsAfter('stack', '-o', '')).toEqual(['table', 'json', 'yaml', 'name'])
    expect(await wordsAfter('stack', 'restore', '--')).toEqual(
      expect.arrayContaining(['--undo', '--dry-run', '--root']),
    )
  })

  it('looks for snapshots in the stack that --root names', async () => {
    await wordsAfter('--root', '/srv/app', 'stack', 'restore', '')
    expect(lookedAt.at(-1)).toBe('/srv/app')
  })

  it('answers a shell from the catalog, and stays silent where there is no stack', async () => {
    const stack = await makeStack()
    await angee(stack, 'stack', 'backup', '--name', 'before-upgrade')
    const { stdout } = await angee(stack, '__complete', '--', 'stack', 'restore', 'bef')
    expect(stdout).toBe('before-upgrade\tjust now\n')
    const where = await angee(stack, '__complete', '--', 'stack', 'backup', 'copy', 'latest', '--to', '')
    expect(where.stdout).toBe('default\tlocalfs\n')
    expect(await angee('/', '__complete', '--', 'stack', 'restore', '')).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: '',
    })
  })

  it('prints a script that bash accepts', () => {
    expect(execFileSync('bash', ['-n'], { input: completionScript('bash'), encoding: 'utf8' })).toBe('')
  })
})
