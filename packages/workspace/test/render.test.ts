import { chmodSync, existsSync, mkdirSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { testContext } from '@angee/testkit'
import { describe, expect, it } from 'vitest'
import { openDestination } from '../src/index.ts'
import { failure, readTree, rendered, template } from './support/render.ts'
import { scratch, writeTree } from './support/stack.ts'

describe('files', () => {
  it('are rendered where their name ends with the suffix, and copied else', async () => {
    const binary = Buffer.from([0, 1, 255, 254, 10])
    const made = await rendered({
      'copier.yml': '_subdirectory: t\nname: x\n',
      't/a.txt.jinja': '{{ name }}\n',
      't/b.txt': '{{ name }}\n',
      't/c.bin': binary,
      't/d.txt': 'not this one',
      't/d.txt.jinja': 'but {{ name }}',
      't/e.jinja/f.txt': '1',
    })
    expect(made.files).toEqual({
      'a.txt': 'x\n',
      'b.txt': '{{ name }}\n',
      'c.bin': binary.toString(),
      'd.txt': 'but x',
      'e.jinja/f.txt': '1',
    })
  })

  it('are all rendered when the suffix is empty, but for what is no text', async () => {
    const made = await rendered({
      'copier.yml': '_templates_suffix: ""\n_exclude: [copier.yml]\nname: x\n',
      'a.txt': '{{ name }}',
      'b.bin': Buffer.from([0, 123, 123]),
    })
    expect(made.files).toEqual({ 'a.txt': 'x', 'b.bin': '\0{{' })
  })

  it('keep their modes', async () => {
    const directory = template({ 'copier.yml': '_subdirectory: t\n', 't/run.sh.jinja': '#!/bin/sh\n', 't/key': 'k' })
    chmodSync(join(directory, 't/run.sh.jinja'), 0o4755)
    chmodSync(join(directory, 't/key'), 0o600)
    const { destination } = await rendered(directory)
    const mode = (name: string) => (statSync(join(destination, name)).mode & 0o7777).toString(8)
    expect([mode('run.sh'), mode('key')]).toEqual(['755', '600'])
  })

  it('have names that are expressions, and are left out when these are empty', async () => {
    const files = {
      'copier.yml': '_subdirectory: t\npkg: my.pkg\nwith_tests: { type: bool, default: false }\nroot: .\n',
      't/{{ pkg | replace(".", _copier_conf.sep) }}/__init__.py.jinja': '# {{ pkg }}\n',
      't/{% if with_tests %}tests{% endif %}/test.py': '1',
      't/{% if with_tests %}tox.ini{% endif %}.jinja': '1',
      't/{{ root }}/here.txt': '1',
      't/{{ pkg }}-{% if not with_tests %}un{% endif %}tested.txt': '1',
    }
    expect((await rendered(files)).files).toEqual({
      'my/pkg/__init__.py': '# my.pkg\n',
      'here.txt': '1',
      'my.pkg-untested.txt': '1',
    })
    expect(Object.keys((await rendered(files, { with_tests: 'yes' })).files)).toContain('tests/test.py')
  })

  it('leave out what Copier leaves out, or what the template says', async () => {
    const tree = {
      'a.txt': '',
      'b.pyc': '',
      '~x': '',
      '.git/config': '',
      'sub/.DS_Store': '',
      'sub/keep': '',
      'no/way/x': '',
    }
    expect(Object.keys((await rendered({ 'copier.yml': 'x: 1\n', ...tree })).files)).toEqual([
      'a.txt',
      'no/way/x',
      'sub/keep',
    ])
    const own = '_exclude: [copier.yml, /no/, "*.pyc", "!b.pyc", "{% if x %}a.txt{% endif %}"]\nx: 1\n'
    expect(Object.keys((await rendered({ 'copier.yml': own, ...tree })).files).sort()).toEqual([
      'b.pyc',
      'sub/.DS_Store',
      'sub/keep',
      '~x',
    ])
  })

  it('take the directory that an answer names', async () => {
    const files = { 'copier.yml': '_subdirectory: "{{ kind }}"\nkind: a\n', 'a/x': 'a', 'b/x': 'b' }
    expect((await rendered(files, { kind: 'b' })).files).toEqual({ x: 'b' })
    expect(await failure(rendered(files, { kind: 'c' }))).toMatchObject({
      code: 'TEMPLATE_INVALID',
      message: expect.stringContaining('"c" is no directory'),
    })
    expect((await failure(rendered(files, { kind: '..' }))).code).toBe('TEMPLATE_ESCAPES')
  })

  it('speak other delimiters, with what Copier 5 had', async () => {
    const envops =
      '_envops: { block_start_string: "[%", block_end_string: "%]", variable_start_string: "[[", variable_end_string: "]]", comment_start_string: "[#", comment_end_string: "#]" }\n'
    const made = await rendered({
      'copier.yml': `${envops}_templates_suffix: .tmpl\na: x\nb: "[[ a ]]2"\n`,
      '[[ a ]].txt.tmpl': '[[ b ]] {{ b }}',
    })
    expect(made.files).toEqual({ 'x.txt': 'x2 {{ b }}' })
  })

  it('are named when they cannot be rendered', async () => {
    const error = await failure(
      rendered({ 'copier.yml': '_subdirectory: t\n', 't/sub/a.yml.jinja': 'a\nb: {{ x.y.z }}\n' }),
    )
    expect(error).toMatchObject({
      code: 'TEMPLATE_INVALID',
      message: 'workspaces/it/t/sub/a.yml.jinja:2: undefined value, in: b: {{ x.y.z }}',
    })
    const latin = { 'copier.yml': '_subdirectory: t\n', 't/a.jinja': Buffer.from([0xe9, 10]) }
    expect((await failure(rendered(latin))).message).toBe('workspaces/it/t/a.jinja is to be rendered, and is not UTF-8')
    const name = { 'copier.yml': '_subdirectory: t\n', 't/{{ x y }}': '' }
    expect((await failure(rendered(name))).message).toMatch(
      /^the name of workspaces\/it\/t\/\{\{ x y \}\}:1: unexpected identifier/,
    )
  })

  it('tell what the template has to say', async () => {
    const made = await rendered({ 'copier.yml': '_message_after_copy: "Go to {{ a }}"\na: work\n' })
    expect(made.report.message).toBe('Go to work')
  })
})

describe('symbolic links', () => {
  function linked(settings: string): string {
    const directory = template({ 'copier.yml': `_subdirectory: t\n${settings}`, 't/real/x': 'x', 'beside/y': 'y' })
    symlinkSync('real/x', join(directory, 't/to-file'))
    symlinkSync('real', join(directory, 't/to-directory'))
    symlinkSync('../beside', join(directory, 't/to-beside'))
    return directory
  }

  it('are kept where the template says so, wherever they lead', async () => {
    const directory = linked('_preserve_symlinks: true\n')
    symlinkSync('/nowhere/at all', join(directory, 't/dangling'))
    expect((await rendered(directory)).files).toEqual({
      dangling: '-> /nowhere/at all',
      'real/x': 'x',
      'to-beside': '-> ../beside',
      'to-directory': '-> real',
      'to-file': '-> real/x',
    })
  })

  it('are followed else, inside of the template', async () => {
    expect((await rendered(linked(''))).files).toEqual({
      'real/x': 'x',
      'to-beside/y': 'y',
      'to-directory/x': 'x',
      'to-file': 'x',
    })
  })

  it.each(['/etc/passwd', '../../../../..', '/etc'])('are not followed out of it: %s', async (target) => {
    const directory = linked('')
    symlinkSync(target, join(directory, 't/zz'))
    expect((await failure(rendered(directory))).code).toBe('TEMPLATE_ESCAPES')
  })

  it('do not lead in a circle', async () => {
    const directory = linked('')
    symlinkSync('..', join(directory, 't/real/up'))
    expect((await failure(rendered(directory))).message).toMatch(/more than 64 directories deep/)
    const dangling = linked('')
    symlinkSync('gone', join(dangling, 't/zz'))
    expect((await failure(rendered(dangling))).message).toMatch(/zz is a symbolic link that leads nowhere/)
  })
})

describe('nothing is written outside of the destination', () => {
  it.each(['../out', '/tmp/angee-out', 'a/../../out', 'x\0y', '..'])('by the name %j', async (name) => {
    const files = {
      'copier.yml': '_subdirectory: t\nname: x\n',
      't/sub/{{ name }}': 'bad',
      't/{{ name }}.txt.jinja': 'bad',
    }
    const error = await failure(rendered(files, { name }))
    expect(error.code).toBe('TEMPLATE_ESCAPES')
    expect(existsSync('/tmp/angee-out')).toBe(false)
  })

  it('through a link that the template brings', async () => {
    const outside = scratch()
    const directory = template({
      'copier.yml': '_subdirectory: t\n_preserve_symlinks: true\nname: a\n',
      't/{{ name }}/x': 'bad',
    })
    symlinkSync(outside, join(directory, 't/a'))
    expect(await failure(rendered(directory))).toMatchObject({
      code: 'TEMPLATE_ESCAPES',
      message: expect.stringContaining('symbolic link'),
    })
    expect(readTree(outside)).toEqual({})
  })

  it('through a link that is in the way of a file', async () => {
    const outside = writeTree(scratch(), { file: 'good' })
    const made = join(scratch(), 'made')
    mkdirSync(made)
    symlinkSync(join(outside, 'file'), join(made, 'x'))
    await openDestination(made).writeFile('x', Buffer.from('new'), 0o644, 'test')
    expect(readTree(outside)).toEqual({ file: 'good' })
    expect(readTree(made)).toEqual({ x: 'new' })
  })

  it('and nothing but files, directories and links is taken from a template', async () => {
    const directory = template({ 'copier.yml': '_subdirectory: t\n', 't/a': '' })
    const { execFileSync } = await import('node:child_process')
    execFileSync('mkfifo', [join(directory, 't/pipe')])
    expect((await failure(rendered(directory))).message).toBe(
      'workspaces/it/t/pipe is neither a file nor a directory nor a link',
    )
    expect(testContext().signal.aborted).toBe(false)
  })
})
