import { readFileSync } from 'node:fs'
import { chmod, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { parseManifest } from '@angee/core'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { addRecipe } from '../src/recipes/add.ts'
import { findRecipe, listRecipes } from '../src/recipes/catalog.ts'
import { angee, type Finished } from './support/angee.ts'
import { errorOf, makeStack } from './support/stack.ts'

const written = `# My stack, by hand.
name: shop   # and a comment
operator: { url: "http://127.0.0.1:9000" }

persist:
    # four spaces, as I like it
    uploads: { subpath: ./data/uploads }   # pictures
    # nothing here yet

services:
    web:
        image: nginx
        command: |
            echo "  postgres:"
            exec nginx

    bare: {}

jobs: {}
# the end
`

/** Whether `after` is `before` with whole lines added and none changed. */
function onlyAdds(before: string, after: string): boolean {
  const wanted = before.split('\n')
  let at = 0
  for (const line of after.split('\n')) if (line === wanted[at]) at += 1
  return at === wanted.length
}

const add = (text: string, name: string, service?: string, runtime: 'container' | 'local' = 'container') =>
  addRecipe(text, 'angee.yaml', { recipe: findRecipe(name), service, runtime })

describe('every recipe', () => {
  const names = listRecipes().map(({ name }) => name)

  it.each(names)('%s goes into a manifest that was written by hand, and leaves every line of it', (name) => {
    for (const runtime of ['container', 'local'] as const) {
      const { text, service } = add(written, name, undefined, runtime)
      expect(onlyAdds(written, text)).toBe(true)
      const own = parse(readFileSync(join(findRecipe(name).directory, `${runtime}.yaml`), 'utf8'))
      const now = parse(text)
      expect(now.services[service]).toEqual(own.services[service])
      expect(now.persist).toMatchObject({ ...own.persist, uploads: { subpath: './data/uploads' } })
      expect(now.secrets ?? {}).toEqual(own.secrets ?? {})
      expect(now.services.web.command).toBe('echo "  postgres:"\nexec nginx\n')
    }
  })

  it.each(names)('%s can be added twice, the second time under another name', (name) => {
    const once = add(written, name)
    const twice = add(once.text, name, 'second')
    expect(twice.service).toBe('second')
    const { services, persist } = parseManifest(twice.text, 'angee.yaml')
    const hooks = services.flatMap(({ name: service, hook }) => (hook ? [{ service, covers: hook.covers }] : []))
    expect(hooks.map(({ service }) => service)).toEqual([once.service, 'second'])
    const covered = hooks.flatMap(({ covers }) => covers)
    expect(new Set(covered).size).toBe(covered.length)
    for (const entry of covered) expect(persist.map(({ name: one }) => one)).toContain(entry)
    expect(new Set(persist.map(({ subpath }) => subpath)).size).toBe(persist.length)
    // Nothing of the second one names what is the first one's.
    const [, second = ''] = twice.text.split('\n    second:\n')
    for (const entry of once.persist) expect(second).not.toMatch(new RegExp(`[./[]${entry}[:}\\]]`))
    for (const secret of once.secrets) expect(second).not.toContain(`secret.${secret}}`)
  })
})

describe('where it is put', () => {
  it.each([
    ['an empty file', ''],
    ['a file without an end of line', 'name: shop'],
    ['empty sections', 'services: {}\npersist: {}   # none\nsecrets:\nname: shop\n'],
    ['sections without anything', 'services:\npersist:\n'],
    [
      'a section at the end, whose last entry is a text',
      'persist: { }\nservices:\n  web:\n    command: |\n      a\n\n      b',
    ],
  ])('%s', (_, text) => {
    const { text: after, service } = add(text, 'redis')
    expect(parse(after).services[service].backup.covers).toEqual(['redis-data'])
    const kept = Object.entries(parse(text) ?? {}).filter(([, value]) => typeof value === 'string')
    expect(parse(after)).toMatchObject(Object.fromEntries(kept))
    expect(parse(after).services.web ?? parse(text)?.services?.web).toEqual(parse(text)?.services?.web)
  })

  it('keeps Windows line ends', () => {
    const { text } = add('name: shop\r\nservices:\r\n  web: { image: nginx }\r\n', 'postgres')
    expect(text.replaceAll('\r\n', '')).not.toContain('\n')
    expect(parse(text).services.web).toEqual({ image: 'nginx' })
  })

  it('gives a service that has none its hook alone, with "covers" only where there is something to cover', () => {
    const without = 'services:\n  db:\n    image: postgres:16\n    # mine\n  web: { image: nginx }\n'
    const added = add(without, 'postgres', 'db')
    expect(onlyAdds(without, added.text)).toBe(true)
    expect(added).toMatchObject({ what: 'hook', uncovered: ['db-pgdata'], persist: [], secrets: [] })
    expect(parse(added.text).services.db).toMatchObject({ image: 'postgres:16', backup: { timeout: '12h' } })
    expect(parse(added.text).services.db.backup.covers).toBeUndefined()

    const covered = add(
      'persist:\n  pgdata: { subpath: ./pg }\nservices:\n  postgres:\n    image: postgres:16\n',
      'postgres',
    )
    expect(covered).toMatchObject({ what: 'hook', uncovered: [] })
    expect(parse(covered.text).services.postgres.backup.covers).toEqual(['pgdata'])
    expect(parse(add(written, 'redis', 'bare').text).services.bare.backup).toBeDefined()
  })

  it.each([
    ['a service that has a hook', 'services:\n  redis:\n    backup: { dump: a, restore: b }\n', 'NAME_TAKEN'],
    ['a persist entry of that name', 'persist:\n  redis-data: { subpath: x }\n', 'NAME_TAKEN'],
    ['services in braces', 'services: { web: { image: nginx } }\n', 'MANIFEST_INVALID'],
    ['a service in braces', 'services:\n  redis: { image: redis }\n', 'MANIFEST_INVALID'],
    ['services from an anchor', 'x: &all\n  web: { image: nginx }\nservices: *all\n', 'MANIFEST_INVALID'],
    ['a file that is no manifest', 'services: [1]\n', 'MANIFEST_INVALID'],
    ['a file that is no YAML', 'services: {\n', 'MANIFEST_INVALID'],
  ])('refuses %s', (_, text, code) => {
    expect(() => add(text, 'redis')).toThrow(expect.objectContaining({ code }))
  })
})

describe('angee recipe', () => {
  it('lists recipes with what each guarantees, without a stack', async () => {
    const { exitCode, stdout } = await angee('/', 'recipe', 'ls')
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/^RECIPE +FOR +NEEDS +GUARANTEES$/m)
    expect(stdout).toMatch(/^rabbitmq +the definitions .* WITHOUT MESSAGES/m)
    const listed: Finished = await angee('/', 'recipe', 'ls', '-o', 'json')
    for (const { readme } of JSON.parse(listed.stdout)) expect(await readFile(readme, 'utf8')).toMatch(/^# Recipe: /)
  })

  it('prints the difference on a dry run, then makes it, and keeps the mode of the file', async () => {
    const stack = await makeStack({ 'angee.yaml': written })
    const file = join(stack, 'angee.yaml')
    await chmod(file, 0o640)
    const dry = await angee(stack, 'recipe', 'add', 'postgres', '--dry-run')
    expect(dry).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('Nothing was changed.') })
    expect(dry.stdout).toMatch(/^@@ .*\n[\s\S]*^\+ {4}postgres:$/m)
    expect(dry.stdout).not.toMatch(/^-[^-]/m)
    expect(await readFile(file, 'utf8')).toBe(written)

    const done = await angee(stack, 'recipe', 'add', 'postgres')
    expect(done.stdout).toContain('Added the service postgres')
    expect(onlyAdds(written, await readFile(file, 'utf8'))).toBe(true)
    expect((await stat(file)).mode & 0o777).toBe(0o640)
    const again = await angee(stack, 'recipe', 'add', 'postgres', '-o', 'json')
    expect(errorOf(again)).toMatchObject({ code: 'NAME_TAKEN', exitCode: 2 })
    expect(errorOf(again).hint).toContain('--service postgres-2')
  })

  it('names the nearest recipe for one that is not there', async () => {
    const stack = await makeStack()
    const { exitCode, stderr } = await angee(stack, 'recipe', 'add', 'postgre')
    expect(exitCode).toBe(2)
    expect(stderr).toContain('Did you mean "postgres"?')
  })
})
