import { join } from 'node:path'
import { fileStore, nodeFiles } from '@angee/core'
import { mintToken, startOperator } from '@angee/operator'
import type { Command } from 'commander'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { workspacesFor } from '../../src/commands/operator.ts'
import { newContext } from '../../src/context.ts'
import { freePorts } from '../../src/free-ports.ts'
import { buildProgram } from '../../src/program.ts'
import { remoteCommands } from '../../src/remote/index.ts'
import { stackOpening } from '../../src/session.ts'
import { surfaceFor } from '../../src/surface.ts'
import { angee, type Finished } from '../support/angee.ts'
import { angeeHere } from '../support/in-process.ts'
import { makeStack } from '../support/stack.ts'

/** What works where the stack is and nowhere else, and why. */
const here: Record<string, string> = {
  'stack backup export': 'writes a file of this machine',
  'stack backup import': 'reads a file of this machine',
  'stack backup help': 'prints help',
  doctor: 'examines this machine',
  'recipe ls': 'lists what comes with this package',
  'recipe add': 'writes a file of this machine',
  completion: 'prints a script for this shell',
  __complete: 'answers this shell',
  operator: 'is the operator',
  'operator token mint': 'is what makes --operator possible',
  'operator token ls': 'needs no operator',
  'operator token revoke': 'needs no operator',
  'operator webhook test': 'needs no operator',
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
    const all = commandsOf(buildProgram(() => undefined))
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
  ['stack', 'backup', '--name', 'second', '--only', 'persist/app', '--no-reuse', '-o', 'json'],
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
  ['stack', 'backup', 'drill', 'first'],
  ['stack', 'backup', 'reindex'],
  ['stack', 'backup', 'reindex', '-o', 'json'],
  ['stack', 'backup', 'prune'],
  ['stack', 'backup', 'prune', '--dry-run'],
  ['stack', 'backup', 'prune', '--keep-last', '1', '--dry-run', '-o', 'json'],
  ['stack', 'backup', 'prune', '--keep-last', '9', '--yes'],
  ['stack', 'backup', 'schedule'],
  ['stack', 'backup', 'schedule', '-o', 'json'],
  ['workspace', 'ls'],
  ['workspace', 'create', 'one', '--template', 'try', '--input', 'topic=x', '--input', 'key=hidden'],
  ['workspace', 'create', 'one', '--template', 'try', '--input', 'topic=x'],
  ['workspace', 'create', 'two', '--template', 'try', '--input', 'topic=x', '--restore', 'first'],
  ['workspace', 'create', 'three', '--template', 'try', '--input', 'topic=x', '--restore', 'latest', '-o', 'json'],
  ['workspace', 'create', 'four', '--template', 'try'],
  ['workspace', 'create', 'four', '--template', 'try', '--only', 'persist/app'],
  ['workspace', 'create', 'four', '--template', 'try', '--input', 'topic=x', '--restore', 'nothing'],
  ['workspace', 'create', 'four', '--template', 'nothing'],
  ['workspace', 'ls'],
  ['workspace', 'ls', '-o', 'json'],
  ['workspace', 'destroy', 'nothing', '--yes'],
  ['workspace', 'destroy', 'one'],
  ['workspace', 'destroy', 'one', 'two', 'three', '--yes'],
  ['workspace', 'ls', '-q'],
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
      .replaceAll(` --operator ${url}`, '')
      .replaceAll(` --root ${root}`, '')
      .replaceAll(root, 'ROOT')
      // A directory is no place that somebody elsewhere may choose.
      .replaceAll(/; a directory is written with a slash: \S+/g, '.')
      .replaceAll(/[0-7][0-9A-HJKMNP-TV-Z]{25}/g, (id) => {
        if (!ids.has(id)) ids.set(id, `ID-${ids.size}`)
        return ids.get(id) ?? id
      })
      .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d\.\d{3}Z)?/g, 'TIME')
      .replaceAll(/("?(?:durationMilliseconds|seconds|free|stored_?[bB]ytes|bytes)"?: ?)[\d.]+/g, '$1N')
      .replaceAll(/\b\d+(\.\d+)? (ms|s|B|KiB|MiB|GiB)\b/g, 'N $2')
      .replaceAll(/\bjust now\b|\bnow\b|\b\d+ (min|h|d)( ago)?/g, 'AGE')
      .replaceAll(/(N|just|now) +(ms|s|ago|B)?/g, 'N')
      .replaceAll(/sha256:[0-9a-f]{64}/g, 'DIGEST')
      .replaceAll(/free on that disk: .*/g, 'free')
      .replaceAll(/ +/g, ' ')
  // Parts are captured side by side: which is done first is chance.
  const sorted = (text: string): string[] =>
    text
      .split('\n')
      // A plan is answered at once, without telling how it goes.
      .filter((line) => !/"state":"progress"|^listing |"phase":"list/.test(line))
      .sort()
  const lines = stdout.startsWith('{"type"') ? sorted(clean(stdout)) : clean(stdout)
  return { exitCode, stdout: lines, stderr: sorted(clean(stderr)) }
}

it('prints the same with --operator as without, and ends with the same exit code', async () => {
  const manifest = `name: shop
backup: { backends: { offsite: { type: localfs, path: ./offsite } } }
persist:
  app: { subpath: ./data/app }
  uploads: { subpath: ./data/uploads }
`
  const templates = {
    '.templates/workspaces/try/copier.yml': `_subdirectory: template
_angee: { kind: workspace, chain_root: stack }
topic: { type: str }
key: { type: str, secret: true, default: none }
`,
    '.templates/workspaces/try/template/stack/angee.yaml.jinja': `name: {{ workspace_name }} # {{ topic }} {{ key }}
persist:
  app: { subpath: ./data/app }
  uploads: { subpath: ./files }
`,
  }
  const local = await makeStack({ 'angee.yaml': manifest, ...templates })
  const remote = await makeStack({ 'angee.yaml': manifest, ...templates })
  const { url, token } = await operatorHere(remote)
  vi.stubEnv('ANGEE_OPERATOR_TOKEN', token)
  for (const step of steps) {
    const near = normal(await angeeHere('--root', local, ...step), local, url)
    const far = normal(await angeeHere('--operator', url, ...step), remote, url)
    expect(far, step.join(' ')).toEqual(near)
  }
})

/** An operator in this process, for a stack. */
async function operatorHere(root: string): Promise<{ url: string; token: string }> {
  const surface = surfaceFor({ root })
  const { clock, random } = newContext(surface, new AbortController().signal, () => undefined)
  const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
  const store = fileStore(join(root, 'run', 'backup'), nodeFiles)
  const { token } = await mintToken(store, { name: 'test', scopes: ['admin'] }, { clock, random })
  const operator = await startOperator({
    opening: stackOpening(surface),
    freePorts,
    workspaces: workspacesFor(surface),
    socket: false,
    listen: { host: '127.0.0.1', port: 0 },
    logger: silent,
    clock,
    random,
  })
  onTestFinished(() => operator.stop(0))
  return { url: operator.addresses[0] ?? '', token }
}
