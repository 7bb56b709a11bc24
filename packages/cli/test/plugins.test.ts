import { describe, expect, it } from 'vitest'
import { angee } from './support/angee.ts'
import { errorOf, makeStack } from './support/stack.ts'

const persist = 'persist: { app: { subpath: data/app } }\n'
const name = '@acme/angee-backend-odd'

/** What is right about a descriptor, and what the backend needs that it opens. */
const right = {
  contract: '1',
  type: "'odd'",
  options: '{ safeParse: (data) => ({ success: true, data }) }',
  open: 'async () => backend',
}
const backend = `const nothing = async () => undefined
const backend = {
  type: 'odd',
  location: 'nowhere',
  capabilities: { encrypts: false, incremental: false, remote: false },
  preflight: nothing, begin: nothing, stat: nothing, reader: nothing, delete: nothing,
  async *list() {},
  [Symbol.asyncDispose]: nothing,
}
`

function entry(changed: Partial<typeof right> = {}): string {
  const fields = Object.entries({ ...right, ...changed }).map(([key, value]) => `${key}: ${value}`)
  return `${backend}export default { ${fields.join(', ')} }\n`
}

/** A stack with packages installed beside it, and the error that a backup of it ends with. */
async function failureWith(
  packages: Record<string, string>,
  { type = 'odd', exports = '"./index.js"' } = {},
): Promise<ReturnType<typeof errorOf>> {
  const installed = Object.entries(packages).flatMap(([one, source]) => [
    [`node_modules/${one}/package.json`, `{ "name": "${one}", "type": "module", "exports": ${exports} }`],
    [`node_modules/${one}/index.js`, source],
  ])
  const plugins = JSON.stringify(Object.keys(packages))
  const manifest = `${persist}backup: { plugins: ${plugins} }\nbackup_backend: { type: ${type} }\n`
  const stack = await makeStack({ 'angee.yaml': manifest, ...Object.fromEntries(installed) })
  return errorOf(await angee(stack, 'stack', 'backup', '--json'))
}

it('a backend stays open for as long as a command works with it', async () => {
  const open = `async () => {
    let closed = false
    const tick = () => new Promise((resolve) => setTimeout(resolve, 50))
    const list = async function* () {
      await tick()
      if (closed) throw new Error('it was closed before it was listed')
    }
    return { ...backend, list, [Symbol.asyncDispose]: async () => { closed = true } }
  }`
  const stack = await makeStack({
    'angee.yaml': `${persist}backup: { plugins: ["${name}"] }\nbackup_backend: { type: odd }\n`,
    [`node_modules/${name}/package.json`]: `{ "name": "${name}", "type": "module", "exports": "./index.js" }`,
    [`node_modules/${name}/index.js`]: entry({ open }),
  })
  const { exitCode, stderr } = await angee(stack, 'stack', 'backup', 'reindex')
  expect(exitCode, stderr).toBe(0)
})

describe('a package that is no plugin', () => {
  it.each([
    ['has no default export', 'export const backend = 1', /has no default export/, /writing-a-backend/],
    ['default-exports something else', 'export default { open() {} }', /no descriptor/, /writing-a-backend/],
    ['default-exports a function', 'export default () => 1', /no descriptor/, /writing-a-backend/],
    ['is of a newer contract', entry({ contract: '2' }), /contract 2, .* speaks contract 1/, /Install a version of/],
    ['names no type', entry({ type: "'Odd One'" }), /names no type/, /writing-a-backend/],
    ['cannot be opened', entry({ open: 'undefined' }), /no open function/, /writing-a-backend/],
    ['has no schema', entry({ options: '{}' }), /no options schema/, /writing-a-backend/],
    ['throws', "throw new Error('no such engine')", /while it was imported: no such engine/, /npm install/],
    ['lacks what it needs', "import 'nosuch-package'", /while it was imported: .*nosuch-package/, /npm install/],
    ['is not JavaScript', 'export default {', /while it was imported/, /npm install/],
  ])('that %s is named with the reason', async (_, source, message, hint) => {
    const error = await failureWith({ [name]: source })
    expect(error).toMatchObject({ code: 'PLUGIN_INVALID', exitCode: 2, message: expect.stringMatching(message) })
    expect(error.message).toContain(`plugin ${name} `)
    expect(error.hint).toMatch(hint)
  })

  it('that has no entry for what imports it says so, and not that it is missing', async () => {
    const error = await failureWith({ [name]: entry() }, { exports: '{ ".": { "browser": "./index.js" } }' })
    expect(error.message).toBe(`plugin ${name} has no entry that can be found`)
    expect(error.hint).toContain('"default"')
  })
})

describe('a type that is taken', () => {
  it('by another plugin names both', async () => {
    const error = await failureWith({ [name]: entry(), '@acme/other': entry() })
    expect(error).toMatchObject({
      code: 'PLUGIN_INVALID',
      message: `plugin @acme/other and plugin ${name} both bring the backend type "odd"`,
      hint: expect.stringContaining('Remove @acme/other from backup.plugins'),
    })
  })

  it('by angee itself is not given to the plugin', async () => {
    const error = await failureWith({ [name]: entry({ type: "'localfs'" }) }, { type: 'localfs' })
    expect(error).toMatchObject({
      code: 'PLUGIN_INVALID',
      message: `angee itself and plugin ${name} both bring the backend type "localfs"`,
      hint: expect.stringContaining(`Remove ${name} from backup.plugins`),
    })
  })
})

describe('a backend that is none once it is open', () => {
  const cases: [string, string, string | RegExp][] = [
    ['nothing', 'async () => undefined', /opened no backend: open gave undefined/],
    ['an error of its own', "async () => { throw new TypeError('x is not a function') }", /threw .*: x is not a func/],
    ['text as an error', "async () => { throw 'no' }", /threw while it was opened: no/],
    ...['preflight', 'begin', 'stat', 'list', 'reader', 'delete'].map((method): [string, string, string] => [
      `no ${method}`,
      `async () => ({ ...backend, ${method}: undefined })`,
      `without the method ${method}`,
    ]),
    ['no end', 'async () => ({ ...backend, [Symbol.asyncDispose]: 1 })', /without \[Symbol.asyncDispose\]/],
    ['an optional method that is none', 'async () => ({ ...backend, check: true })', /whose check is no method/],
    ['another type', "async () => ({ ...backend, type: 'even' })", /of the type "even", not "odd"/],
    ['no location', "async () => ({ ...backend, location: '' })", /without a location/],
    ['no capabilities', 'async () => ({ ...backend, capabilities: { encrypts: true } })', /capabilities.incremental/],
    ['a relative directory', "async () => ({ ...backend, localDirectory: 'x' })", /no absolute path: x/],
  ]
  it.each(cases)('%s', async (_, open, message) => {
    const error = await failureWith({ [name]: entry({ open }) })
    expect(error).toMatchObject({ code: 'PLUGIN_INVALID', exitCode: 2, message: expect.stringMatching(message) })
    expect(error.message).toContain(`plugin ${name} `)
    expect(error.hint).toMatch(/another version/)
  })

  it('passes on what the backend itself says', async () => {
    const thrown = `Object.defineProperty(Object.assign(new Error('the key is wrong'), {
      code: 'CREDENTIAL_WRONG', hint: 'Give the right one.', context: {}, exitCode: 12, retry: 'never',
    }), Symbol.for('angee.error'), { value: true })`
    const error = await failureWith({ [name]: entry({ open: `async () => { throw ${thrown} }` }) })
    expect(error).toMatchObject({ code: 'CREDENTIAL_WRONG', exitCode: 12, message: 'the key is wrong' })
  })
})
