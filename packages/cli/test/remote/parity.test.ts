import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { buildProgram } from '../../src/program.ts'
import { remoteCommands } from '../../src/remote/index.ts'
import { angee, type Finished } from '../support/angee.ts'
import { startOperator } from '../support/operator.ts'
import { makeStack } from '../support/stack.ts'

/** What works where the stack is and nowhere else, and why. */
const here: Record<string, string> = {
  'stack backup export': 'writes a file of this machine',
  'stack backup import': 'reads a file of this machine',
  'stack backup help': 'prints help',
  doctor: 'examines this machine',
  completion: 'prints a script for this shell',
  __complete: 'answers this shell',
  operator: 'is the operator',
  'operator token mint': 'is what makes --operator possible',
  'operator token ls': 'needs no operator',
  'operator token revoke': 'needs no operator',
}

function commandsOf(command: Command, path = ''): string[] {
  return command.commands.flatMap((one) => {
    const name = `${path} ${one.name()}`.trim()
    const below = commandsOf(one, name)
    // A command with others below it is one itself when it does something.
    const acts = '_actionHandler' in one && one['_actionHandler'] !== null
    return acts ? [name, ...below] : below
  })
}

describe('every command', () => {
  it('is done by an operator too, or says why not', () => {
    const all = commandsOf(buildProgram(() => undefined)).filter((name) => !name.startsWith('workspace'))
    expect(all.sort()).toEqual(
      [...remoteCommands, ...Object.keys(here)].filter((one) => one !== 'stack backup help').sort(),
    )
  })

  it('that works here alone refuses --operator', async () => {
    const { exitCode, stderr } = await angee('/', '--operator', 'http://127.0.0.1:1', 'doctor')
    expect([exitCode, stderr]).toEqual([
      2,
      expect.stringMatching(/works on this machine only[\s\S]*hint:[\s\S]*stack restore/),
    ])
  })
})

/** The same steps; each tells what it prints. The first snapshot's name stands for its id. */
const steps: string[][] = [
  ['stack', 'backup', 'ls'],
  ['stack', 'backup', 'ls', '-o', 'json'],
  ['stack', 'backup', '--dry-run'],
  ['stack', 'backup', '--dry-run', '-o', 'json'],
  ['stack', 'backup', '--name', 'first', '--label', 'a.b=c'],
  ['stack', 'backup', '--name', 'first'],
  ['stack', 'backup', '--name', 'second', '--only', 'persist/app', '-o', 'json'],
  ['stack', 'backup', '--only', 'persist/nothing'],
  ['stack', 'backup', '-q'],
  ['stack', 'backup', 'ls'],
  ['stack', 'backup', 'ls', '-o', 'yaml'],
  ['stack', 'backup', 'ls', '-q'],
  ['stack', 'backup', 'show', 'first'],
  ['stack', 'backup', 'show', 'first', '-o', 'json'],
  ['stack', 'backup', 'show', 'nothing'],
  ['stack', 'backup', 'verify', 'first', 'second'],
  ['stack', 'backup', 'verify', '--all', '--quick', '-o', 'json'],
  ['stack', 'backup', 'verify'],
  ['stack', 'restore', 'first', '--dry-run'],
  ['stack', 'restore', 'first', '--dry-run', '-o', 'json'],
  ['stack', 'restore', 'first'],
  ['stack', 'restore', 'second', '--yes'],
  ['stack', 'restore', 'second', '--yes', '--allow-partial'],
  ['stack', 'restore', 'first', '--yes', '-o', 'json'],
  ['stack', 'restore', '--undo', '--yes'],
  ['stack', 'restore', '--undo', 'first'],
  ['stack', 'backup', 'copy', 'first', '--to', 'offsite'],
  ['stack', 'backup', 'copy', 'first', '--to', 'offsite', '-o', 'json'],
  ['stack', 'backup', 'copy', 'first', '--to', 'nowhere'],
  ['stack', 'backup', 'copy', 'first'],
  ['stack', 'backup', 'drill', 'first'],
  ['stack', 'backup', 'reindex'],
  ['stack', 'backup', 'reindex', '-o', 'json'],
  ['stack', 'backup', 'rm', 'second'],
  ['stack', 'backup', 'rm', 'second', '--yes'],
  ['stack', 'backup', 'rm', 'second', 'first', '--yes'],
  ['stack', 'status'],
  ['stack', 'status', '-o', 'json'],
  ['stack', 'up'],
  ['stack', 'up', 'nothing'],
  ['stack', 'down'],
  ['stack', 'down', '--volumes'],
  ['job', 'ls'],
  ['job', 'run', 'nothing'],
]

/** What differs from run to run, and where the command was run. */
function normal({ exitCode, stdout, stderr }: Finished, root: string, url: string): object {
  const ids = new Map<string, string>()
  const clean = (text: string): string =>
    text
      .replaceAll(root, 'ROOT')
      .replaceAll(` --operator ${url}`, '')
      .replaceAll(/[0-7][0-9A-HJKMNP-TV-Z]{25}/g, (id) => {
        if (!ids.has(id)) ids.set(id, `ID-${ids.size}`)
        return ids.get(id) ?? id
      })
      .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d\.\d{3}Z)?/g, 'TIME')
      .replaceAll(/("(durationMilliseconds|seconds|free|stored_?[bB]ytes|bytes)": ?)[\d.]+/g, '$1N')
      .replaceAll(/\b\d+(\.\d+)? (ms|s|B|KiB|MiB|GiB)\b/g, 'N $2')
      .replaceAll(/(N|just|now) +(ms|s|ago|B)?/g, 'N')
      .replaceAll(/sha256:[0-9a-f]{64}/g, 'DIGEST')
      .replaceAll(/free on that disk: .*/g, 'free')
      .replaceAll(/ +/g, ' ')
  return { exitCode, stdout: clean(stdout), stderr: clean(stderr) }
}

it('prints the same with --operator as without, and ends with the same exit code', async () => {
  const manifest = `name: shop
backup: { backends: { offsite: { type: localfs, path: ./offsite } } }
persist:
  app: { subpath: ./data/app }
  uploads: { subpath: ./data/uploads }
`
  const local = await makeStack({ 'angee.yaml': manifest })
  const remote = `${local}-remote`
  await cp(local, remote, { recursive: true })
  const operator = await startOperator(remote)
  try {
    for (const step of steps) {
      const near = normal(await angee(local, ...step), local, operator.url)
      const far = normal(await operator.angee(...step), remote, operator.url)
      expect(far, step.join(' ')).toEqual(near)
    }
    expect(await operator.stop()).toMatchObject({ exitCode: 0 })
  } finally {
    await rm(join(remote), { recursive: true, force: true })
  }
})
