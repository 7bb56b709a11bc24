import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { collectLabels, collectParts } from '../src/parse.ts'
import { commandLine } from '../src/surface.ts'
import { angee } from './support/angee.ts'
import { makeStack } from './support/stack.ts'

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const fromSource = new URL('./support/from-source.ts', import.meta.url).href
const program = `'${process.execPath}' --import '${fromSource}' '${main}'`

/** Runs a line of shell in a directory and gives the exit codes that it echoes, and stderr. */
async function shell(directory: string, line: string): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)('bash', ['-c', line], { cwd: directory })
}

describe('where output goes', () => {
  it('a reader that leaves early is no error', async () => {
    const stack = await makeStack()
    await angee(stack, 'stack', 'backup', '-q')
    const catalog = join(stack, 'run/backup/catalog.jsonl')
    await writeFile(catalog, (await readFile(catalog, 'utf8')).repeat(20_000))
    const { stdout, stderr } = await shell(stack, `${program} stack backup ls | head -1; echo "\${PIPESTATUS[0]}"`)
    expect(stdout).toMatch(/^ID .*\n0\n$/)
    expect(stderr).toBe('')
  })

  it.runIf(process.platform === 'linux')('a full disk behind a redirection is one', async () => {
    const stack = await makeStack()
    await angee(stack, 'stack', 'backup', '-q')
    const { stdout, stderr } = await shell(stack, `${program} stack backup ls > /dev/full; echo "$?"`)
    expect(stdout).toBe('1\n')
    expect(stderr).toContain('stdout cannot be written: ENOSPC')
  })

  it('holds no escape sequence without a terminal', async () => {
    const stack = await makeStack()
    for (const args of [['stack', 'backup'], ['stack', 'backup', 'ls'], ['doctor'], ['stack', 'nosuch']]) {
      const { stdout, stderr } = await angee(stack, ...args)
      expect(stdout + stderr).not.toContain('\u001b')
    }
  })

  it('marks a snapshot from the future, and never takes it for the latest', async () => {
    const stack = await makeStack()
    const id = (await angee(stack, 'stack', 'backup', '-q')).stdout.trim()
    const catalog = join(stack, 'run/backup/catalog.jsonl')
    const text = await readFile(catalog, 'utf8')
    const [created = ''] = /"createdAt":"[^"]*"/.exec(text) ?? []
    const future = text
      .replaceAll(id, `7ZZZZZZZZZ${id.slice(10)}`)
      .replaceAll(created, '"createdAt":"2999-01-01T00:00:00.000Z"')
    await writeFile(catalog, text + future)
    expect((await angee(stack, 'stack', 'backup', 'ls')).stdout.split('\n')[2]).toContain('FUTURE')
    expect((await angee(stack, 'stack', 'restore', 'latest', '--dry-run', '-o', 'name')).stdout).toBe(`${id}\n`)
  })

  it('lists what another writer wrote with its keys in another order', async () => {
    const stack = await makeStack()
    const id = (await angee(stack, 'stack', 'backup', '-q', '--name', 'kept')).stdout.trim()
    const catalog = join(stack, 'run/backup/catalog.jsonl')
    const record = JSON.parse(await readFile(catalog, 'utf8'))
    const before = (await angee(stack, 'stack', 'backup', 'ls')).stdout
    const { partCount: _, storedBytes: __, ...plain } = record
    await writeFile(catalog, `${JSON.stringify(Object.fromEntries(Object.entries(plain).reverse()))}\n`)
    expect((await angee(stack, 'stack', 'backup', 'ls')).stdout).toBe(before)
    expect(before).toContain(id)
  })
})

describe('what is typed', () => {
  it('reads labels and parts', () => {
    expect(collectLabels('b=2=3', { a: '1' })).toEqual({ a: '1', b: '2=3' })
    expect(() => collectLabels('=x')).toThrow('key=value')
    expect(() => collectLabels('a b=x')).toThrow('letters')
    expect(collectParts('persist/a,service/b', ['persist/a'])).toEqual(['persist/a', 'service/b'])
    expect(() => collectParts('a')).toThrow('persist/NAME')
  })

  it('repeats --root in the commands it proposes, quoted where it must be', () => {
    expect(commandLine({ root: undefined }, 'doctor')).toBe('angee doctor')
    expect(commandLine({ root: "/srv/o'brien app" }, 'doctor')).toBe(`angee doctor --root '/srv/o'\\''brien app'`)
  })
})
