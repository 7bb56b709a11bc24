import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { nodeFiles, redact } from '@angee/core'
import { testContext } from '@angee/testkit'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import {
  type CreateRequest,
  createWorkspace,
  destroyWorkspace,
  listWorkspaces,
  type WorkspaceHost,
} from '../src/index.ts'
import { failure, readTree, template } from './support/render.ts'
import { parentStack, writeTree } from './support/stack.ts'

type Files = Record<string, string>

const simple = {
  'copier.yml': '_subdirectory: t\n_angee: { kind: workspace }\nword: hello\n',
  't/a.txt.jinja': '{{ word }} {{ workspace_name }}',
}
const withStack = {
  'copier.yml': '_subdirectory: t\n_angee: { kind: workspace }\n',
  't/angee.yaml': [
    '# A stack of its own.',
    'name:   mine',
    'persist:',
    '  data: { subpath: ./data }   # uploads',
    'services:',
    '  db:',
    '    image: "x"',
    '    backup: { dump: [dump], restore: [load] }',
    '  web: { image: y }',
    '',
  ].join('\n'),
}
const ports = (range: string) => ({
  'copier.yml': `_subdirectory: t\n_angee: { kind: workspace, ensure: { operator.port_pool.web: { range: "${range}" } } }\n`,
  't/port': '',
})

type Made = Omit<CreateRequest, 'template' | 'from' | 'inputs'> & Partial<CreateRequest>

function create(host: WorkspaceHost, files: Files | string, request: Made, ctx = testContext()) {
  const directory = typeof files === 'string' ? files : template(files)
  return createWorkspace(host, { template: directory, from: host.place.root, inputs: {}, ...request }, ctx)
}

/** What is left in the stack besides its `angee.yaml` and an empty registry. */
function traces({ place }: WorkspaceHost): string[] {
  return Object.entries(readTree(place.root))
    .filter(([path, text]) => !(path.endsWith('workspaces.json') && text.includes('"workspaces": {}')))
    .map(([path]) => path)
    .filter(
      (path) => !['angee.yaml', 'run/workspaces/.store-lock', 'run/workspaces/locks/', 'workspaces/'].includes(path),
    )
}

const destroy = (host: WorkspaceHost, name: string, options = {}) =>
  destroyWorkspace(host, name, { purge: false, isDown: async () => true, ...options }, testContext())

describe('creating a workspace', () => {
  it('renders it into its place and writes it down', async () => {
    const host = parentStack()
    const made = await create(host, simple, { name: 'one', inputs: { word: 'hi' } })
    expect(made.path).toBe(join(host.root, 'workspaces/one'))
    expect(readTree(made.path)).toEqual({ 'a.txt': 'hi one' })
    expect(await listWorkspaces(host, testContext())).toEqual([
      {
        name: 'one',
        path: made.path,
        stackRoot: undefined,
        template: made.template,
        inputs: { word: 'hi' },
        leases: {},
        createdAt: expect.stringMatching(/^\d{4}-/),
        status: 'ready',
        isPresent: true,
        restore: undefined,
      },
    ])
  })

  it.each(['', 'A', 'a_b', '-a', 'a/b', '..', 'a'.repeat(64), 'é'])('refuses the name %j', async (name) => {
    const host = parentStack()
    expect((await failure(create(host, simple, { name }))).code).toBe('WORKSPACE_NAME_INVALID')
    expect(traces(host)).toEqual([])
  })

  it('refuses a name that is there, as a workspace or as a directory', async () => {
    const host = parentStack()
    await create(host, simple, { name: 'one' })
    const before = readTree(host.root)
    expect((await failure(create(host, simple, { name: 'one' }))).code).toBe('WORKSPACE_EXISTS')
    expect(readTree(host.root)).toEqual(before)
    writeTree(host.root, { 'workspaces/two/mine': 'x' })
    expect((await failure(create(host, simple, { name: 'two' }))).code).toBe('WORKSPACE_EXISTS')
    expect(readTree(join(host.root, 'workspaces/two'))).toEqual({ mine: 'x' })
    expect(await listWorkspaces(host, testContext())).toHaveLength(1)
  })

  it('makes a name by the pattern of the template, or says that it needs one', async () => {
    const host = parentStack()
    const naming =
      '_angee: { kind: workspace, instance_naming: { pattern: "${inputs.topic | slug}", fallback: plain, max_length: 8 } }\ntopic: ""\n'
    expect((await create(host, { 'copier.yml': naming }, { inputs: { topic: 'Fix: the Thing' } })).name).toBe('fix-the')
    expect((await create(host, { 'copier.yml': naming }, {})).name).toBe('plain')
    expect((await failure(create(host, simple, {}))).code).toBe('USAGE')
  })

  it('refuses templates of other kinds', async () => {
    const host = parentStack()
    const service = { 'copier.yml': '_angee: { kind: service }\n' }
    expect(await failure(create(host, service, { name: 'x' }))).toMatchObject({
      code: 'TEMPLATE_INVALID',
      message: expect.stringContaining('of a service'),
    })
  })

  it('takes inputs that the stack has for every workspace of a template', async () => {
    const host = parentStack('name: shop\nworkspace_defaults:\n  workspaces/it: { inputs: { word: from-stack } }\n')
    const directory = writeTree(join(host.root, 'templates/workspaces/it'), simple)
    expect(directory).toContain('it')
    await create(host, 'it', { name: 'a' })
    await create(host, 'workspaces/it', { name: 'b', inputs: { word: '' } })
    expect(readTree(join(host.root, 'workspaces'))).toEqual({ 'a/a.txt': 'from-stack a', 'b/a.txt': ' b' })
  })

  it('lets many come at once', async () => {
    const host = parentStack()
    const names = Array.from({ length: 10 }, (_, index) => `w${index}`)
    const made = await Promise.all(names.map((name) => create(host, ports('23100-23199'), { name })))
    expect(new Set(made.map(({ leases }) => leases['web'])).size).toBe(10)
    expect((await listWorkspaces(host, testContext())).map(({ name }) => name)).toEqual(names)
    await Promise.all(names.map((name) => destroy(host, name)))
    expect(traces(host)).toEqual([])
  })

  it('lets one of two of the same name through', async () => {
    const host = parentStack()
    const all = await Promise.allSettled([create(host, simple, { name: 'x' }), create(host, simple, { name: 'x' })])
    const [failed] = all.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[]
    expect(all.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(['LOCKED', 'WORKSPACE_EXISTS']).toContain(failed?.reason.code)
    expect(readTree(join(host.root, 'workspaces'))).toEqual({ 'x/a.txt': 'hello x' })
  })
})

describe('a creation that fails leaves nothing', () => {
  it.each<[string, Files, Partial<Made>, string]>([
    ['a wrong input', { ...simple }, { inputs: { wrod: 'x' } }, 'INPUT_INVALID'],
    ['a broken file', { ...simple, 't/z.jinja': '{{ x y }}' }, {}, 'TEMPLATE_INVALID'],
    ['a name that leads out', { ...simple, 't/{{ word }}': '' }, { inputs: { word: '../x' } }, 'TEMPLATE_ESCAPES'],
    ['a broken copier.yml', { 'copier.yml': 'a: [' }, {}, 'TEMPLATE_INVALID'],
    ['an angee.yaml that is none', { ...withStack, 't/angee.yaml': 'persist: [1' }, {}, 'MANIFEST_INVALID'],
    [
      'a persist entry that leads out',
      { ...withStack, 't/angee.yaml': 'persist: { a: { subpath: ../.. } }\n' },
      {},
      'SCOPE_ESCAPES_ROOT',
    ],
    ['a snapshot and no stack', simple, { restore: { snapshot: 'S' } }, 'RESTORE_CONFLICT'],
    [
      'a snapshot that does not fit',
      withStack,
      { restore: { snapshot: 'S', parts: ['persist/data', 'service/queue'] } },
      'RESTORE_CONFLICT',
    ],
    [
      'parts that the snapshot lacks',
      withStack,
      { restore: { snapshot: 'S', parts: ['persist/data'], only: ['persist/x'] } },
      'PART_UNKNOWN',
    ],
    [
      'a chain that is not there',
      { 'copier.yml': '_angee: { kind: workspace, chain: [{ template: nowhere }] }\n' },
      {},
      'TEMPLATE_NOT_FOUND',
    ],
    [
      'a chain that comes back',
      { 'copier.yml': '_angee: { kind: workspace, chain: [{ template: . }] }\n' },
      {},
      'TEMPLATE_INVALID',
    ],
    [
      'a chain with a value that is not there',
      {
        'copier.yml': '_angee: { kind: workspace, chain: [{ template: ./i, inputs: { a: "${inputs.nope}" } }] }\n',
        'i/copier.yml': 'a: 1\n',
      },
      {},
      'TEMPLATE_INVALID',
    ],
    ['a range that is none', ports('many'), {}, 'TEMPLATE_INVALID'],
  ])('%s', async (_, files, request, code) => {
    const host = parentStack()
    expect((await failure(create(host, files, { name: 'x', ...request }))).code).toBe(code)
    expect(traces(host)).toEqual([])
    expect(await listWorkspaces(host, testContext())).toEqual([])
  })

  it('an unknown template', async () => {
    const host = parentStack()
    expect((await failure(create(host, 'nowhere', { name: 'x' }))).code).toBe('TEMPLATE_NOT_FOUND')
    expect(traces(host)).toEqual([])
  })

  it('an interrupted one', async () => {
    const host = parentStack()
    const stop = new AbortController()
    const ctx = { ...testContext({ signal: stop.signal }), onProgress: () => stop.abort(new Error('stopped')) }
    expect((await failure(create(host, simple, { name: 'x' }, ctx as never))).message).toBe('stopped')
    expect(traces(host)).toEqual([])
  })

  it('one that fails after it has got into its place', async () => {
    const host = parentStack()
    const files = {
      ...nodeFiles,
      writeDurably: async (path: string, bytes: Uint8Array) => {
        if (Buffer.from(bytes).includes('"ready"')) throw new Error('disk gone')
        return nodeFiles.writeDurably(path, bytes)
      },
    }
    expect((await failure(create({ ...host, files }, simple, { name: 'x' }))).message).toBe('disk gone')
    expect(traces(host)).toEqual([])
  })

  it('and what cannot be removed now is removed by the next command', async () => {
    const host = parentStack()
    let isStuck = true
    const trees = {
      remove: async (directory: string) => {
        if (isStuck && directory.includes('.creating-') && existsSync(directory)) throw new Error('busy')
        return host.trees.remove(directory)
      },
    }
    const ctx = testContext()
    const broken = { ...simple, 't/z.jinja': '{{ x y }}' }
    expect((await failure(create({ ...host, trees }, broken, { name: 'x' }, ctx))).code).toBe('TEMPLATE_INVALID')
    expect(ctx.logs.map(({ message }) => message)).toEqual(['the workspace x could not be taken back yet'])
    isStuck = false
    await create(host, simple, { name: 'x' })
    expect(readTree(join(host.root, 'workspaces'))).toEqual({ 'x/a.txt': 'hello x' })
  })

  it('keeps secrets to itself', async () => {
    const host = parentStack()
    const files = {
      ...simple,
      'copier.yml': `${simple['copier.yml']}token: { type: str, secret: true, default: "" }\n`,
      't/env.jinja': 'T={{ token }}',
    }
    await create(host, files, { name: 'x', inputs: { token: 'unguessable-value' } })
    expect(readTree(join(host.root, 'workspaces/x'))['env']).toBe('T=unguessable-value')
    expect(JSON.stringify(readTree(join(host.root, 'run')))).not.toContain('unguessable-value')
    expect(redact('unguessable-value')).toBe('[redacted]')
  })
})

describe('ports', () => {
  it('are leased one of each pool, once, and given back', async () => {
    const host = parentStack()
    const leases = async (name: string) => (await create(host, ports('23200-23201'), { name })).leases['web']
    expect(await leases('a')).toBe(23200)
    expect(await leases('b')).toBe(23201)
    expect(await failure(leases('c'))).toMatchObject({
      code: 'PORT_POOL_EXHAUSTED',
      message: 'no port of the pool web (23200-23201) is free; workspaces that have some: a, b',
    })
    expect(readTree(join(host.root, 'workspaces'))).toEqual({ 'a/port': '', 'b/port': '' })
    await destroy(host, 'a')
    expect(await leases('c')).toBe(23200)
  })

  it.each(['127.0.0.1', '0.0.0.0'])('are free on this machine: one that is listened on at %s is not', async (host) => {
    const stack = parentStack()
    const server = createServer()
    await new Promise<void>((resolve) => server.listen({ port: 23210, host }, resolve))
    try {
      expect((await create(stack, ports('23210-23211'), { name: 'a' })).leases['web']).toBe(23211)
    } finally {
      server.close()
    }
  })

  it('are none of those that the stack has for itself, and its range wins', async () => {
    const host = parentStack(
      'name: shop\nports: { web: { value: 23220 }, api: 23221 }\noperator: { port_pool: { web: { range: 23220-23229 } } }\n',
    )
    expect((await create(host, ports('1-2'), { name: 'a' })).leases['web']).toBe(23222)
  })

  it('are known to templates and chains', async () => {
    const host = parentStack()
    const files = {
      'copier.yml':
        '_subdirectory: t\n_angee:\n  kind: workspace\n  ensure: { operator.port_pool.my-web: { range: "23230-23239" } }\n  chain: [{ template: ./inner, root: s, inputs: { port: "${alloc.my-web}", name: "${name}-${inputs.a | upper}", odd: 1 } }]\na: x\n',
      't/p.jinja': '{{ alloc_my_web }} {{ workspace_path }}',
      'inner/copier.yml': '_subdirectory: t\nport: { type: int }\nname: { type: str }\n',
      'inner/t/q.jinja': '{{ port + 1 }} {{ name }} {{ alloc_my_web }}',
    }
    const made = await create(host, files, { name: 'w' })
    expect(readTree(made.path)).toEqual({ p: `23230 ${made.path}`, 's/q': '23231 w-X 23230' })
    expect(made.notes).toEqual(['workspaces/it/copier.yml: _angee.chain.0: it/inner takes no input "odd"'])
  })
})

describe('the stack of a workspace', () => {
  it('keeps every byte when nothing is added', async () => {
    const host = parentStack()
    const made = await create(host, withStack, { name: 'x' })
    expect(readFileSync(join(made.path, 'angee.yaml'), 'utf8')).toBe(withStack['t/angee.yaml'])
    expect(made.stackRoot).toBe(made.path)
  })

  it('gets the restore job and persist entries, and keeps its comments', async () => {
    const host = parentStack()
    const files = {
      ...withStack,
      'copier.yml':
        '_subdirectory: t\n_angee: { kind: workspace, persist: { data: { subpath: other }, notes: { subpath: ./notes, scope: workspace } }, persist_paths: [.browser-data] }\n',
    }
    const restore = { snapshot: '01ABC', only: ['persist/data'], parts: ['persist/data', 'service/gone'] }
    const made = await create(host, files, { name: 'x', restore })
    const text = readFileSync(join(made.path, 'angee.yaml'), 'utf8')
    for (const line of withStack['t/angee.yaml'].split('\n')) expect(text.split('\n')).toContain(line)
    expect(parse(text)).toMatchObject({
      persist: {
        data: { subpath: './data' },
        notes: { subpath: './notes', scope: 'workspace' },
        'browser-data': { subpath: './.browser-data' },
      },
      jobs: { restore: { restore: { snapshot: '01ABC', stack: '../..', only: ['persist/data'] }, depends_on: ['db'] } },
    })
    const [listed] = await listWorkspaces(host, testContext())
    expect(listed?.restore).toEqual({ snapshot: '01ABC' })
  })

  it('gets the snapshot into the job that the template brings', async () => {
    const host = parentStack()
    const own = `${withStack['t/angee.yaml']}jobs:\n  load:\n    restore: { snapshot: later } # filled in\n    depends_on: [db, web]\n`
    const made = await create(
      host,
      { ...withStack, 't/angee.yaml': own },
      { name: 'x', restore: { snapshot: '01ABC' } },
    )
    expect(made.restore).toEqual({ job: 'load', snapshot: '01ABC' })
    const text = readFileSync(join(made.path, 'angee.yaml'), 'utf8')
    expect(parse(text).jobs).toEqual({
      load: { restore: { snapshot: '01ABC', stack: '../..' }, depends_on: ['db', 'web'] },
    })
    expect(text).toContain('# filled in')
  })

  it('gets another name for the job where the template has a service of that name', async () => {
    const host = parentStack()
    const own = `${withStack['t/angee.yaml']}  restore: { image: z }\n`
    const made = await create(
      host,
      { ...withStack, 't/angee.yaml': own },
      { name: 'x', restore: { snapshot: '01ABC' } },
    )
    expect(made.restore?.job).toBe('restore-snapshot')
  })

  it('lies where the template says: persist entries start there', async () => {
    const host = parentStack()
    const files = {
      'copier.yml':
        '_angee:\n  kind: workspace\n  chain_root: .angee\n  persist: { notes: { subpath: notes }, out: { subpath: ../x } }\n  chain: [{ template: ./inner, root: . }]\n',
      'inner/copier.yml': '_subdirectory: t\n',
      'inner/t/{{ ANGEE_ROOT }}/angee.yaml.jinja': 'name: {{ workspace_name }}\n',
    }
    const made = await create(host, files, { name: 'x', restore: { snapshot: 'S' } })
    expect(made.stackRoot).toBe(join(made.path, '.angee'))
    expect(parse(readTree(made.path)['.angee/angee.yaml'] ?? '')).toMatchObject({
      name: 'x',
      persist: { notes: { subpath: './notes' } },
      jobs: { restore: { restore: { stack: '../../..' } } },
    })
    expect(made.notes).toEqual([
      'persist.out "../x" lies outside of the stack in ".angee", so no snapshot will hold it',
    ])
  })

  it('is never written through a link that the template brings', async () => {
    const host = parentStack()
    const directory = template({
      'copier.yml': '_subdirectory: t\n_preserve_symlinks: true\n_angee: { kind: workspace }\n',
      't/x': '',
    })
    writeFileSync(join(directory, 'outside.yaml'), 'name: outside\n')
    symlinkSync(join(directory, 'outside.yaml'), join(directory, 't/angee.yaml'))
    expect((await failure(create(host, directory, { name: 'x', restore: { snapshot: 'S' } }))).code).toBe(
      'RESTORE_CONFLICT',
    )
    expect(readFileSync(join(directory, 'outside.yaml'), 'utf8')).toBe('name: outside\n')
  })
})

describe('destroying a workspace', () => {
  it('that cannot be finished does not keep other commands from their work', async () => {
    const host = parentStack()
    await create(host, simple, { name: 'x' })
    const trees = {
      remove: async (directory: string) => {
        if (existsSync(directory)) throw new Error('not yours')
      },
    }
    expect((await failure(destroy({ ...host, trees }, 'x'))).message).toBe('not yours')
    const ctx = testContext()
    expect(await listWorkspaces({ ...host, trees }, ctx)).toMatchObject([{ name: 'x', status: 'destroying' }])
    expect(ctx.logs).toMatchObject([{ level: 'warn', fields: { reason: 'Error: not yours' } }])
    await create(host, simple, { name: 'y' })
    expect((await listWorkspaces(host, testContext())).map(({ name }) => name)).toEqual(['y'])
    expect(readTree(join(host.root, 'workspaces'))).toEqual({ 'y/a.txt': 'hello y' })
  })

  it('leaves no trace', async () => {
    const host = parentStack()
    await create(host, withStack, { name: 'x' })
    const asked: string[] = []
    const isDown = async (root: string) => asked.push(root) > 0
    expect((await destroy(host, 'x', { isDown })).name).toBe('x')
    expect(asked).toEqual([join(host.root, 'workspaces/x')])
    expect(traces(host)).toEqual([])
  })

  it('refuses one whose stack is not down, unless purging', async () => {
    const host = parentStack()
    await create(host, withStack, { name: 'x' })
    expect(await failure(destroy(host, 'x', { isDown: async () => false }))).toMatchObject({
      code: 'WORKSPACE_IN_USE',
      hint: expect.stringContaining(`angee stack down --root ${host.root}/workspaces/x`),
    })
    expect(existsSync(join(host.root, 'workspaces/x/angee.yaml'))).toBe(true)
    await destroy(host, 'x', { isDown: async () => false, purge: true })
    expect(traces(host)).toEqual([])
  })

  it('refuses one that holds a checkout of somebody else, unless purging', async () => {
    const host = parentStack()
    const files = { 'copier.yml': '_angee: { kind: workspace, sources: { app: { subpath: src/app } } }\n' }
    const { notes } = await create(host, files, { name: 'x' })
    expect(notes).toEqual(['workspaces/it: sources are not materialised, they belong to the control plane: app'])
    mkdirSync(join(host.root, 'workspaces/x/src/app/.git'), { recursive: true })
    expect((await failure(destroy(host, 'x'))).message).toContain('holds a git checkout')
    await destroy(host, 'x', { purge: true })
    expect(traces(host)).toEqual([])
  })

  it('refuses one with something mounted in it', async () => {
    const host = parentStack()
    await create(host, simple, { name: 'x' })
    const files = { ...nodeFiles, mountPoints: async () => ['/', join(host.root, 'workspaces/x/mnt')] }
    expect((await failure(destroy({ ...host, files }, 'x', { purge: true }))).code).toBe('WORKSPACE_IN_USE')
    expect(existsSync(join(host.root, 'workspaces/x/a.txt'))).toBe(true)
  })

  it('knows names that are nearly there', async () => {
    const host = parentStack()
    await create(host, simple, { name: 'experiment' })
    expect(await failure(destroy(host, 'experimnet'))).toMatchObject({
      code: 'WORKSPACE_NOT_FOUND',
      hint: 'Did you mean "experiment"? Workspaces: experiment.',
    })
    expect((await failure(destroy(host, '../x'))).code).toBe('WORKSPACE_NAME_INVALID')
  })

  it('gives the ports back when the directory was removed by hand', async () => {
    const host = parentStack()
    await create(host, ports('23240-23240'), { name: 'x' })
    await host.trees.remove(join(host.root, 'workspaces/x'))
    expect((await listWorkspaces(host, testContext()))[0]?.isPresent).toBe(false)
    await destroy(host, 'x')
    expect((await create(host, ports('23240-23240'), { name: 'y' })).leases['web']).toBe(23240)
  })
})
