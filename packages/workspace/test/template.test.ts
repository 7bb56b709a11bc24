import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openTemplate } from '../src/index.ts'
import { answers, failure, rendered, template } from './support/render.ts'
import { scratch, writeTree } from './support/stack.ts'

const { signal } = new AbortController()
const copier = '_angee: { kind: workspace }\n'

function open(reference: string, from: string, kind: 'workspaces' | 'stacks' = 'workspaces') {
  return openTemplate(reference, { directory: from, roots: [from], kind }, signal)
}

describe('finding a template', () => {
  it('takes a directory, and short names from the stack and above', async () => {
    const top = writeTree(scratch(), {
      '.templates/workspaces/hidden/copier.yml': copier,
      'templates/workspaces/dev/copier.yml': copier,
      'stack/templates/workspaces/dev/copier.yml': copier,
      'templates/stacks/dev/copier.yaml': '_angee: { kind: stack }\n',
      'elsewhere/copier.yml': copier,
    })
    const from = join(top, 'stack')
    const found = async (reference: string, kind?: 'stacks') =>
      (await open(reference, from, kind)).directory.slice(top.length)
    expect(await found('dev')).toBe('/stack/templates/workspaces/dev')
    expect(await found('hidden')).toBe('/.templates/workspaces/hidden')
    expect(await found('dev', 'stacks')).toBe('/templates/stacks/dev')
    expect(await found('stacks/dev')).toBe('/templates/stacks/dev')
    expect(await found('templates/stacks/dev')).toBe('/templates/stacks/dev')
    expect(await found('../elsewhere')).toBe('/elsewhere')
    expect(await found(join(top, 'elsewhere'))).toBe('/elsewhere')
  })

  it('says what there is when there is none', async () => {
    const top = writeTree(scratch(), { 'templates/workspaces/experiment/copier.yml': copier, 'bare/x': '' })
    expect(await failure(open('experimnet', top))).toMatchObject({
      code: 'TEMPLATE_NOT_FOUND',
      message: 'there is no template "experimnet"',
      hint: expect.stringMatching(/^Did you mean "experiment"\? There are: experiment\. /),
    })
    expect(await failure(open('./bare', top))).toMatchObject({
      code: 'TEMPLATE_NOT_FOUND',
      message: `${top}/bare is no template: it has no copier.yml`,
    })
    expect((await failure(open('./nowhere', top))).code).toBe('TEMPLATE_NOT_FOUND')
    expect(await failure(open('https://example.org/t.git', top))).toMatchObject({
      code: 'TEMPLATE_NOT_FOUND',
      hint: expect.stringContaining('Clone it'),
    })
  })
})

describe('a git checkout', () => {
  function checkout(): string {
    const top = scratch()
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], { cwd: top, stdio: 'pipe' })
    git('init', '-q', '-b', 'main')
    writeTree(top, {
      'templates/workspaces/dev/copier.yml': '_subdirectory: t\n_preserve_symlinks: true\nwhat: first\n',
      'templates/workspaces/dev/t/x.jinja': '{{ what }}\n',
      'templates/workspaces/dev/t/run.sh': '#!/bin/sh\n',
    })
    symlinkSync('x', join(top, 'templates/workspaces/dev/t/link'))
    execFileSync('chmod', ['755', join(top, 'templates/workspaces/dev/t/run.sh')])
    git('add', '-A')
    git('commit', '-q', '-m', 'one')
    git('tag', 'v1')
    writeTree(top, { 'templates/workspaces/dev/copier.yml': '_subdirectory: t\nwhat: second\n' })
    git('commit', '-q', '-am', 'two')
    writeTree(top, { 'templates/workspaces/dev/copier.yml': '_subdirectory: t\nwhat: not committed\n' })
    return top
  }

  const leftovers = () => readdirSync(tmpdir()).filter((name) => name.startsWith('angee-template-'))

  it('gives the template of a commit, with its links and modes, and leaves the checkout alone', async () => {
    const top = checkout()
    const before = leftovers()
    await using opened = await open('dev#v1', top)
    expect(opened.questions[0]?.default).toBe('first')
    expect(opened.commit).toMatch(/^[0-9a-f]{40}$/)
    expect(
      execFileSync('stat', ['-c', '%a %N', 'run.sh', 'link'], { cwd: join(opened.directory, 't') }).toString(),
    ).toBe("755 'run.sh'\n777 'link' -> 'x'\n")
    expect(execFileSync('git', ['status', '--porcelain'], { cwd: top }).toString()).toBe(
      ' M templates/workspaces/dev/copier.yml\n',
    )
    await opened[Symbol.asyncDispose]()
    expect(leftovers()).toEqual(before)
  })

  it('gives what lies there without a commit, and any commit of a path', async () => {
    const top = checkout()
    await using now = await open('dev', top)
    expect(now.questions[0]?.default).toBe('not committed')
    await using head = await open('./templates/workspaces/dev#HEAD', top)
    expect(head.questions[0]?.default).toBe('second')
  })

  it('says when there is no such commit, no such template in it, or no checkout', async () => {
    const top = checkout()
    const before = leftovers()
    expect(await failure(open('dev#nope', top))).toMatchObject({
      code: 'TEMPLATE_NOT_FOUND',
      message: `${top} has no commit "nope"`,
    })
    expect((await failure(open('./templates/workspaces/other#v1', top))).code).toBe('TEMPLATE_NOT_FOUND')
    // Not an option of git, whatever it looks like.
    expect((await failure(open('dev#--output=/tmp/angee-pwned', top))).code).toBe('TEMPLATE_NOT_FOUND')
    expect(await failure(open(`${template({ 'copier.yml': copier })}#v1`, top))).toMatchObject({
      message: expect.stringContaining('lies in no git checkout'),
    })
    expect(leftovers()).toEqual(before)
  })
})

describe('copier.yml that is wrong', () => {
  it.each([
    ['a: [1\nb: 2\n', /^workspaces\/it\/copier\.yml:2:1: /],
    ['a:\n  type: string\n  defualt: x\n', /^workspaces\/it\/copier\.yml:3:3: unknown key a\.defualt$/],
    ['a:\n  type: strnig\n', /^workspaces\/it\/copier\.yml:2:3: a: "strnig" is no type$/],
    ['_exclude: x\n', /^workspaces\/it\/copier\.yml:1:1: _exclude: it should be a list$/],
    ['x: 1\n_angee:\n  name: x\n', /^workspaces\/it\/copier\.yml:2:1: _angee\.kind: it should be text$/],
    [
      '_angee:\n  kind: workspace\n  chain:\n    - root: x\n',
      /copier\.yml:4:7: _angee\.chain\.0\.template: it should be text$/,
    ],
    [
      '_angee:\n  kind: workspace\n  chain:\n    - template: x\n      root: ../y\n',
      /copier\.yml:5:7: .*"\.\.\/y" leads out of the workspace/,
    ],
    ['_angee:\n  kind: workspace\n  ensure:\n    operator.port_pool.web: {}\n', /copier\.yml:4:5: .* has no range$/],
    ['_envops:\n  line_statement_prefix: "%"\n', /copier\.yml:2:3: _envops\.line_statement_prefix is not supported$/],
    ['- a\n', /copier\.yml:1:1: it holds no block of keys$/],
    ['%343\n', /^workspaces\/it\/copier\.yml:1:1: /],
    ['1x: 2\n', /copier\.yml:1:1: "1x" cannot be the name of a question$/],
    ['a: !include nothing.yml\n', /!include nothing\.yml finds no file$/],
    ['!include copier.yml\n', /includes itself/],
  ])('%j', async (text, message) => {
    const error = await failure(rendered({ 'copier.yml': text }))
    expect(error).toMatchObject({ code: 'TEMPLATE_INVALID', message: expect.stringMatching(message) })
  })

  it('says that there are two of them', async () => {
    const error = await failure(rendered({ 'copier.yml': 'a: 1\n', 'copier.yaml': 'a: 2\n' }))
    expect(error).toMatchObject({
      code: 'TEMPLATE_INVALID',
      message: 'workspaces/it has a copier.yml and a copier.yaml',
    })
  })

  it('says in which included file', async () => {
    const files = { 'copier.yml': 'a: 1\n---\n!include more.yml\n', 'more.yml': '\nb: { type: nope }\n' }
    expect((await failure(rendered(files))).message).toMatch(/^workspaces\/it\/more\.yml:2:6: b: "nope" is no type/)
  })

  it('says which default, and where in it', async () => {
    expect(await failure(answers('a:\n  default: "{{ x y }}"\n'))).toMatchObject({
      code: 'TEMPLATE_INVALID',
      message: expect.stringMatching(/^workspaces\/it\/copier\.yml, default of a:1: unexpected identifier/),
    })
  })
})

describe('!include', () => {
  it('puts files together, lists one after the other', async () => {
    const made = await rendered({
      'copier.yml':
        '---\n!include shared/*.yml\n---\n_exclude: ["*.tmp"]\nb: "{{ a }}!"\nd: { default: !include value.yml }\n',
      'shared/one.yml': 'a: x\n_exclude: [copier.yml, shared, value.yml]\n',
      'value.yml': 'k: v\n',
      'x.tmp': '',
      'kept.txt': '',
    })
    expect(made.report.answers.values).toEqual({ a: 'x', b: 'x!', d: { k: 'v' } })
    expect(Object.keys(made.files)).toEqual(['kept.txt'])
  })

  it('does not leave the template', async () => {
    const directory = template({ 'copier.yml': '!include ../secret.yml\n' })
    writeTree(join(directory, '..'), { 'secret.yml': 'a: 1\n' })
    expect((await failure(rendered(directory))).code).toBe('TEMPLATE_ESCAPES')
  })
})

describe('what is not done', () => {
  it('is said', async () => {
    const directory = template({
      'copier.yml': [
        '_tasks: [rm -rf /, [touch, x]]',
        '_migrations: [{ version: v1, command: x }]',
        '_jinja_extensions: [a.B]',
        '_subdirectroy: x',
        '_angee:',
        '  kind: workspace',
        '  sources: { app: { source: app, subpath: src } }',
        '  ensure: { operator.other: { range: 1 } }',
      ].join('\n'),
    })
    await using opened = await open(directory, directory)
    expect(opened.notes).toEqual([
      'tasks (_tasks) of the template are never run; it has 2',
      'migrations (_migrations) of the template are never run; it has 1',
      'Jinja extensions (_jinja_extensions) of the template are never run; it has 1',
      'the setting _subdirectroy is not known and does nothing. Did you mean "_subdirectory"?',
      'ensure: operator.other is not done: only operator.port_pool.NAME is known',
      'sources are not materialised, they belong to the control plane: app',
    ])
  })
})

describe('include_root', () => {
  const files = {
    'templates/_shared/part.jinja': 'shared by {{ name }}\n',
    'templates/workspaces/it/copier.yml':
      '_subdirectory: t\n_angee: { kind: workspace, include_root: "../.." }\nname: me\n',
    'templates/workspaces/it/t/a.jinja': '{% include "../../../_shared/part.jinja" %}',
  }

  it('lets a template include what lies beside it', async () => {
    const top = writeTree(scratch(), files)
    expect((await rendered(join(top, 'templates/workspaces/it'))).files).toEqual({ a: 'shared by me\n' })
  })

  it.each([
    ['no include_root', { 'templates/workspaces/it/copier.yml': '_subdirectory: t\nname: me\n' }],
    ['further out', { 'templates/workspaces/it/t/a.jinja': '{% include "../../../../secret" %}' }],
    [
      'an include_root further out',
      {
        'templates/workspaces/it/copier.yml':
          '_subdirectory: t\n_angee: { kind: workspace, include_root: "../../.." }\n',
      },
    ],
    ['imports further out', { 'templates/workspaces/it/t/a.jinja': '{% from "../../../../secret" import x %}' }],
    ['names that are worked out', { 'templates/workspaces/it/t/a.jinja': '{% include "../../../.." ~ "/secret" %}' }],
  ])('and nothing else: %s', async (_, change) => {
    const top = writeTree(scratch(), { secret: 'the secret', ...files, ...change })
    const error = await failure(rendered(join(top, 'templates/workspaces/it')))
    expect(error.message).not.toContain('the secret')
    expect(['TEMPLATE_ESCAPES', 'TEMPLATE_INVALID']).toContain(error.code)
  })

  it('not even through a symbolic link', async () => {
    const top = writeTree(scratch(), { secret: 'the secret', ...files })
    mkdirSync(join(top, 'templates/x'))
    symlinkSync(join(top, 'secret'), join(top, 'templates/x/part.jinja'))
    writeTree(top, { 'templates/workspaces/it/t/a.jinja': '{% include "../../../x/part.jinja" %}' })
    expect((await failure(rendered(join(top, 'templates/workspaces/it')))).code).toBe('TEMPLATE_ESCAPES')
  })
})
