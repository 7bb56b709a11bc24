import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testContext } from '@angee/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { compile } from '../src/definition/compile.ts'
import { sourceOf } from '../src/definition/source.ts'
import type { ComposeOptions } from '../src/options.ts'
import { openCompose } from '../src/runtime.ts'
import { job, service, stack } from './definition.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'angee-source-'))
})
afterEach(() => rm(root, { recursive: true }))

const put = (name: string, text = 'services: {}\n') => writeFile(join(root, name), text)
const written = (env = {}) => compile(stack([service('a', { env }), job('b')]), 'p')
const origin = (options: ComposeOptions = {}, own = {}) => sourceOf(root, options, own).origin
const prepare = (definition = stack([service('a')]), options: ComposeOptions = {}, own = {}) =>
  openCompose({ options, stackRoot: root, services: [] }, own).prepare(
    { ...definition, stackRoot: root },
    testContext(),
  )

describe('the file that Compose uses', () => {
  it('is compiled, a person’s, or not there', async () => {
    expect(sourceOf(root, {}, {})).toEqual({ origin: 'none', file: join(root, 'docker-compose.yaml') })
    await put('docker-compose.yaml', written({ X: [{ secret: 'db-password' }] }))
    expect(sourceOf(root, {}, {})).toEqual({
      origin: 'compiled',
      file: join(root, 'docker-compose.yaml'),
      facts: { project: 'p', jobs: ['b'], secrets: ['DB_PASSWORD'] },
    })
    await put('docker-compose.yaml')
    expect(origin()).toBe('by-hand')
  })

  it.each(['compose.yaml', 'compose.yml', 'docker-compose.yml'])('%s goes before a compiled one', async (name) => {
    await put('docker-compose.yaml', written())
    await put(name)
    expect(sourceOf(root, {}, {})).toEqual({ origin: 'by-hand', file: join(root, name) })
  })

  it('is what options or COMPOSE_FILE name', async () => {
    await put('docker-compose.yaml', written())
    expect(sourceOf(root, { file: 'x/y.yaml' }, {})).toEqual({ origin: 'by-hand', file: join(root, 'x/y.yaml') })
    expect(origin({}, { COMPOSE_FILE: 'x.yaml:y.yaml' })).toBe('by-hand')
    await put('.env', 'A=b\nexport COMPOSE_FILE="x.yaml"\n')
    expect(sourceOf(root, {}, {})).toEqual({ origin: 'by-hand', file: join(root, 'x.yaml') })
    await put('.env', 'COMPOSE_FILE=\n')
    expect(origin()).toBe('compiled')
  })

  it('is the compiled one also where a person names it, beside files of their own', async () => {
    await put('docker-compose.yaml', written())
    expect(origin({ file: ['docker-compose.yaml', 'more.yaml'] })).toBe('compiled')
    expect(origin({}, { COMPOSE_FILE: './docker-compose.yaml:more.yaml' })).toBe('compiled')
  })

  it('tells whose containers there are also when a person broke it', async () => {
    await put('docker-compose.yaml', `${written()}\n  : [broken\n`)
    expect(sourceOf(root, {}, {})).toMatchObject({ origin: 'compiled', facts: { project: 'p' } })
  })
})

describe('prepare', () => {
  it('writes a file that everybody may read, and one for its owner alone where a person wrote a password', async () => {
    const open = await prepare(stack([service('a', { env: { X: [{ secret: 'db-password' }], COLOUR: ['red'] } })]))
    expect((await stat(open.file)).mode & 0o777).toBe(0o644)
    for (const literal of [
      { env: { DB_PASSWORD: ['hunter2'] } },
      { engine: { environment: { API_TOKEN: 'hunter2' } } },
      { engine: { environment: ['API_TOKEN=hunter2'] } },
      { env: { COLOUR: ['a "very" $ecret\nvalue'] } },
    ]) {
      const closed = await prepare(stack([service('a', literal)]))
      expect((await stat(closed.file)).mode & 0o777, JSON.stringify(literal)).toBe(0o600)
    }
  })

  it('writes the name of the project that the options give', async () => {
    const { file } = await prepare(stack([service('a')]), { project_name: 'mine' })
    expect(await readFile(file, 'utf8')).toContain('\nname: "mine"\n')
  })

  it('leaves a person’s file alone whatever its name, also beside a compiled one', async () => {
    const { file } = await prepare()
    const before = await readFile(file, 'utf8')
    await put('compose.yaml')
    const other = stack([service('b')])
    expect(await prepare(other)).toEqual({ file: join(root, 'compose.yaml'), outcome: 'by-hand' })
    expect(await readFile(file, 'utf8')).toBe(before)
    await rm(join(root, 'compose.yaml'))
    await put('docker-compose.yaml')
    expect((await prepare(other)).outcome).toBe('by-hand')
    await rm(join(root, 'docker-compose.yaml'))
    await mkdir(join(root, 'deploy'))
    expect(await prepare(other, { file: 'deploy/x.yaml' })).toEqual({
      file: join(root, 'deploy/x.yaml'),
      outcome: 'by-hand',
    })
  })

  it('refuses a NUL byte by the name of what holds it', async () => {
    const secrets = new Map([['pepper', { variable: 'PEPPER', value: 'a\0b' }]])
    await expect(prepare(stack([service('a')], { secrets }))).rejects.toMatchObject({
      code: 'MANIFEST_INVALID',
      message: expect.stringContaining('pepper'),
    })
    await expect(prepare(stack([service('a', { env: { X: ['a\0b'] } })]))).rejects.toMatchObject({
      message: expect.stringContaining('services.a.env.X'),
    })
  })
})

describe('calls without prepare', () => {
  it('name the project of the compiled file, whatever COMPOSE_PROJECT_NAME says, and give placeholders to look', async () => {
    await put('docker-compose.yaml', written({ X: [{ secret: 'db-password' }] }))
    await mkdir(join(root, 'bin'))
    const record = `#!/bin/sh\necho "$* DB_PASSWORD=$DB_PASSWORD" >>"${root}/calls"\n`
    await writeFile(join(root, 'bin', 'docker'), record, { mode: 0o755 })
    const own = { PATH: join(root, 'bin'), COMPOSE_PROJECT_NAME: 'another' }
    const runtime = openCompose({ options: {}, stackRoot: root, services: [] }, own)
    await runtime.stop(['a'], testContext())
    const calls = await readFile(join(root, 'calls'), 'utf8')
    expect(calls).toBe('compose --ansi=never --project-name p stop a DB_PASSWORD=not known\n')
  })
})
