import { randomBytes } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { engineSuite } from '@angee/testkit'
import { expect, it } from 'vitest'
import { run } from '../support/angee.ts'
import { startAngee } from '../support/angee-process.ts'
import { fileHook, type LocalStack, localStack } from '../support/local-stack.ts'
import { sampleCommandLines } from '../support/processes.ts'

/** Secrets planted in every place where a stack has them. */
const canaries = {
  file: `canary-file-${randomBytes(8).toString('hex')}`,
  hook: `canary-hook-${randomBytes(8).toString('hex')}`,
  own: `canary-own-${randomBytes(8).toString('hex')}`,
}
const all = Object.values(canaries)
const environment = { APP_DB_PASSWORD: canaries.own }
/** Proves that the hook has all three, and gives none of them away. */
const hasAll = `. ./.env; test "$FILE_SECRET $HOOK_TOKEN $APP_DB_PASSWORD" = "${Object.keys(canaries)
  .map((name) => `$(cat expected-${name})`)
  .join(' ')}"`

engineSuite('secrets', ['tools'], () => {
  async function stackWithSecrets(hook: Record<string, unknown>): Promise<LocalStack> {
    return localStack({
      // The stack itself is a persist entry: the secrets file lies right in it.
      persist: { all: './', store: './store' },
      hooks: { db: { ...fileHook, covers: ['store'], env: { HOOK_TOKEN: canaries.hook }, ...hook } },
      files: {
        '.env': `# of the stack\nexport FILE_SECRET='${canaries.file}'\n`,
        'store/db': 'rows',
        'data/file': 'content',
      },
    })
  }

  it('are in no byte that a backup or a restore stores, prints or passes on a command line', async () => {
    await using stack = await stackWithSecrets({})
    // Where the stack is captured whole, what the test knows of the secrets must lie outside of what is captured.
    for (const [name, value] of Object.entries(canaries))
      await writeFile(join(stack.root, 'store', `expected-${name}`), value)
    await writeFile(
      join(stack.root, 'angee.yaml'),
      (await readFile(join(stack.root, 'angee.yaml'), 'utf8')).replace(
        `"cat store/db"`,
        JSON.stringify(`(cd store; ${hasAll.replace('./.env', '../.env')}) && sleep 0.3; cat store/db`),
      ),
    )
    const sampling = new AbortController()
    const sampled = sampleCommandLines(sampling.signal)
    const outputs: string[] = []
    for (const args of [
      ['stack', 'backup', '--name', 'table'],
      ['stack', 'backup', '--name', 'json', '-o', 'json'],
      ['stack', 'backup', '--name', 'yaml', '-o', 'yaml'],
      ['stack', 'backup', 'ls', '-o', 'json'],
      ['stack', 'backup', 'show', 'table', '-o', 'json'],
      ['stack', 'restore', 'table', '--dry-run', '-o', 'json'],
      ['stack', 'restore', 'table', '--yes'],
      ['doctor', '-o', 'json'],
    ]) {
      const { code, stdout, stderr } = await startAngee(stack.root, args, { ...environment, ANGEE_DEBUG: '1' }).ended
      expect(args[0] === 'doctor' ? 0 : code, stderr).toBe(0)
      outputs.push(stdout, stderr)
    }
    sampling.abort()
    const commandLines = [...(await sampled)]
    expect(commandLines.some((line) => line.includes('stack backup --name table'))).toBe(true)
    for (const canary of all) {
      expect(outputs.join('\n')).not.toContain(canary)
      expect(commandLines.filter((line) => line.includes(canary))).toEqual([])
    }
    // The manifest of the stack lies in what is captured here, and in it the secret that somebody wrote there.
    expect(await filesWith([canaries.file, canaries.own], stack)).toEqual([])
  })

  it('of the hook are in no byte that is stored', async () => {
    await using stack = await localStack({
      hooks: { db: { ...fileHook, env: { HOOK_TOKEN: canaries.hook } } },
      files: { '.env': `FILE_SECRET=${canaries.file}`, 'store/db': 'rows'.repeat(1000), 'data/file': 'content' },
    })
    for (const args of [['backup', '--name', 'wanted'], ['restore', 'wanted', '--yes'], ['backup']]) {
      const { code, stderr } = await startAngee(stack.root, ['stack', ...args], environment).ended
      expect(code, stderr).toBe(0)
    }
    expect(await filesWith(all, stack)).toEqual([])
    expect(await filesWith(['rows'], stack), 'the search finds what is there').not.toEqual([])
  })

  it.each([['table'], ['json']])('that a failing hook prints are redacted everywhere (-o %s)', async (format) => {
    const leak = '. ./.env; echo "$FILE_SECRET $HOOK_TOKEN $APP_DB_PASSWORD" >&2'
    for (const hook of [{ dump: `${leak}; exit 3` }, { before: `${leak}; exit 3` }, { after: `${leak}; exit 3` }]) {
      await using stack = await stackWithSecrets(hook)
      const failed = await startAngee(stack.root, ['stack', 'backup', '-o', format], {
        ...environment,
        ANGEE_DEBUG: '1',
      }).ended
      expect(failed.code, failed.stderr).toBe(1)
      expect(failed.stdout + failed.stderr).toContain('[redacted] [redacted] [redacted]')
      for (const canary of all) expect(failed.stdout + failed.stderr).not.toContain(canary)
      expect(await filesWith(all, stack)).toEqual([])
    }
  })

  it('that a failing hook prints are in no journal while a restore cannot be undone', async () => {
    await using stack = await stackWithSecrets({})
    const taken = await startAngee(stack.root, ['stack', 'backup', '--name', 'wanted'], environment).ended
    expect(taken.code, taken.stderr).toBe(0)
    await stack.declare({
      db: {
        ...fileHook,
        covers: ['store'],
        env: { HOOK_TOKEN: canaries.hook },
        restore: '. ./.env; echo "$FILE_SECRET $HOOK_TOKEN $APP_DB_PASSWORD" >&2; exit 3',
      },
    })
    const stuck = await startAngee(stack.root, ['stack', 'restore', 'wanted', '--yes'], environment).ended
    expect(stuck.stderr).toContain('(RESTORE_UNFINISHED)')
    expect(stuck.stderr).toContain('[redacted]')
    for (const canary of all) expect(stuck.stderr).not.toContain(canary)
    const journals = await readdir(join(stack.root, 'run', 'backup', 'journal'))
    expect(journals).toHaveLength(1)
    const journal = await readFile(join(stack.root, 'run', 'backup', 'journal', journals[0] ?? ''), 'utf8')
    expect(journal).toContain('[redacted]')
    for (const canary of all) expect(journal).not.toContain(canary)
  })

  /** Files of the backend and of the stack's state that hold one of `words`, as they are or decompressed. */
  async function filesWith(words: readonly string[], { root }: LocalStack): Promise<string[]> {
    const hits: string[] = []
    for (const directory of ['run', 'backups']) {
      const entries = await readdir(join(root, directory), { recursive: true, withFileTypes: true })
      for (const entry of entries.filter((one) => one.isFile())) {
        const path = join(entry.parentPath, entry.name)
        const bytes = await readFile(path, 'latin1')
        const plain = path.endsWith('.zst') ? (await run('zstd', ['-dc', path], '/')).stdout : ''
        if (words.some((word) => bytes.includes(word) || plain.includes(word))) hits.push(path)
      }
    }
    return hits
  }
})
