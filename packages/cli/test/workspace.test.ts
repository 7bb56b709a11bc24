import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { angee } from './support/angee.ts'
import { errorOf, makeStack } from './support/stack.ts'

const templates = {
  'templates/workspaces/try/copier.yml': [
    '_subdirectory: template',
    '_message_after_copy: "Have a look at {{ workspace_name }}."',
    '_angee:',
    '  kind: workspace',
    '  chain_root: stack',
    '  ensure: { operator.port_pool.web: { range: "23400-23409" } }',
    '  sources: { code: { source: code } }',
    'topic: { type: str, help: what it is about }',
    'size: { type: int, default: 1 }',
    '',
  ].join('\n'),
  'templates/workspaces/try/template/stack/angee.yaml.jinja':
    'name: {{ workspace_name }}\npersist:\n  app: { subpath: ./data/app }\n  uploads: { subpath: ./files }\n',
  'templates/workspaces/try/template/README.md.jinja': '{{ topic }} {{ size }} {{ alloc_web }}\n',
}

const create = ['workspace', 'create', 'one', '--template', 'try', '--input', 'topic=x']

describe('workspace create', () => {
  it('renders, says what was not done and how to go on', async () => {
    const stack = await makeStack(templates)
    const made = await angee(stack, ...create, '--input', 'size=3')
    expect(made).toEqual({
      exitCode: 0,
      stdout: `Made one in ${stack}/workspaces/one\nPorts: web 23400\n`,
      stderr: [
        'rendering workspaces/try',
        'note: workspaces/try: sources are not materialised, they belong to the control plane: code',
        '',
        'Have a look at one.',
        `Bring it up: angee stack up --root ${stack}/workspaces/one/stack`,
        '',
      ].join('\n'),
    })
    expect(await readFile(join(stack, 'workspaces/one/README.md'), 'utf8')).toBe('x 3 23400\n')
  })

  it('begins with the data of a snapshot, up at once', async () => {
    const stack = await makeStack(templates)
    const id = (await angee(stack, 'stack', 'backup', '--name', 'monday', '-q')).stdout.trim()
    const made = await angee(stack, ...create, '--restore', 'latest')
    expect(made).toMatchObject({ exitCode: 0 })
    expect(made.stdout).toContain(`Restored ${id} "monday": 2 parts\nIt is up: 0 of 0 services running`)
    const inner = join(stack, 'workspaces/one/stack')
    expect(await readFile(join(inner, 'data/app/one.txt'), 'utf8')).toBe('one\n')
    expect(await readdir(join(inner, 'files'))).toEqual(['picture.bin'])
    const listed = await angee(stack, 'workspace', 'ls')
    expect(listed.stdout).toMatch(
      new RegExp(`^WORKSPACE +STATUS +PORTS +MADE +TEMPLATE +SNAPSHOT\\none +ready +web 23400 +\\S.* +try +${id}\\n$`),
    )
  })

  it('restores later with --no-up, and only what is wanted', async () => {
    const stack = await makeStack(templates)
    await angee(stack, 'stack', 'backup', '--name', 'monday')
    const made = await angee(stack, ...create, '--restore', 'monday', '--only', 'persist/app', '--no-up', '--json')
    expect(JSON.parse(made.stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({
      type: 'result',
      operation: 'workspace create',
      name: 'one',
      path: join(stack, 'workspaces/one'),
      stackRoot: join(stack, 'workspaces/one/stack'),
      leases: { web: 23400 },
      restore: { job: 'restore' },
      up: null,
      exitCode: 0,
    })
    const inner = join(stack, 'workspaces/one/stack')
    expect(existsSync(join(inner, 'data'))).toBe(false)
    expect((await angee(inner, 'stack', 'up')).exitCode).toBe(0)
    expect(existsSync(join(inner, 'data/app/two.txt'))).toBe(true)
    expect(existsSync(join(inner, 'files/picture.bin'))).toBe(false)
  })

  it.each([
    ['an unknown template', ['--template', 'tyr'], 'TEMPLATE_NOT_FOUND', 2],
    ['missing and unknown inputs', ['--template', 'try', '--input', 'topci=x'], 'INPUT_INVALID', 2],
    [
      'an input of the wrong type',
      ['--template', 'try', '--input', 'topic=x', '--input', 'size=big'],
      'INPUT_INVALID',
      2,
    ],
    [
      'a snapshot that is not there',
      ['--template', 'try', '--input', 'topic=x', '--restore', 'latest'],
      'SNAPSHOT_NOT_FOUND',
      13,
    ],
    ['--only alone', ['--template', 'try', '--input', 'topic=x', '--only', 'persist/app'], 'USAGE', 2],
    ['an input that is none', ['--template', 'try', '--input', 'topic'], 'USAGE', 2],
    ['no template', [], 'USAGE', 2],
  ])('refuses %s, and leaves nothing behind', async (_, options, code, exitCode) => {
    const stack = await makeStack(templates)
    const failed = await angee(stack, 'workspace', 'create', 'one', ...options, '--json')
    expect(failed.exitCode).toBe(exitCode)
    expect(errorOf(failed)).toMatchObject({ code, exitCode, hint: expect.stringMatching(/./) })
    expect(existsSync(join(stack, 'workspaces/one'))).toBe(false)
    expect(JSON.parse((await angee(stack, 'workspace', 'ls', '--json')).stdout)).toEqual([])
  })

  it('refuses a snapshot for which the new stack has no place', async () => {
    const stack = await makeStack({
      ...templates,
      'angee.yaml': 'name: shop\npersist:\n  app: { subpath: ./data/app }\n  other: { subpath: ./data/uploads }\n',
    })
    await angee(stack, 'stack', 'backup')
    const failed = await angee(stack, ...create, '--restore', 'latest', '--json')
    expect(errorOf(failed)).toMatchObject({
      code: 'RESTORE_CONFLICT',
      message: expect.stringContaining('no place for persist/other'),
    })
    expect(existsSync(join(stack, 'workspaces/one'))).toBe(false)
  })
})

describe('workspace destroy', () => {
  it('asks first, and removes all of them or none', async () => {
    const stack = await makeStack(templates)
    await angee(stack, ...create)
    expect(errorOf(await angee(stack, 'workspace', 'destroy', 'one', '--json')).code).toBe('CONFIRMATION_REQUIRED')
    const unknown = await angee(stack, 'workspace', 'destroy', 'one', 'two', '--yes', '--json')
    expect(errorOf(unknown)).toMatchObject({ code: 'WORKSPACE_NOT_FOUND', exitCode: 13 })
    expect(existsSync(join(stack, 'workspaces/one'))).toBe(true)
    expect(await angee(stack, 'workspace', 'destroy', 'one', '--yes')).toEqual({
      exitCode: 0,
      stdout: 'Removed one\n',
      stderr: '',
    })
    expect(existsSync(join(stack, 'workspaces/one'))).toBe(false)
    expect((await angee(stack, 'workspace', 'ls')).stderr).toMatch(/^no workspaces\. Make one: angee workspace create/)
  })
})
