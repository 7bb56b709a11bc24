import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { testContext } from '@angee/testkit'
import { expect, it } from 'vitest'
import { createWorkspace, destroyWorkspace, listWorkspaces } from '../src/index.ts'
import { readTree, template } from './support/render.ts'
import { hostAt, parentStack } from './support/stack.ts'

const file = (name: string) => new URL(`support/${name}`, import.meta.url).pathname

const files = {
  'copier.yml':
    '_subdirectory: t\n_angee: { kind: workspace, ensure: { operator.port_pool.web: { range: "23300-23309" } } }\n',
  't/angee.yaml': 'name: x\npersist: { data: { subpath: ./data } }\n',
  ...Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`t/d/f${index}.jinja`, '{{ workspace_name }}'])),
}

/** Starts a process that stops before its nth effect. Resolves to what it is about to do, or `done`. */
async function stopped(operation: string, root: string, at: number, directory: string) {
  const child = spawn(
    process.execPath,
    ['--import', file('sources.ts'), file('stopping.ts'), operation, root, String(at), directory],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  return { child, said: said.toString().trim() }
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

/** Whole or not there at all: nothing in between. */
async function expectWholeOrNothing(root: string): Promise<'there' | 'gone'> {
  const host = hostAt(root)
  const [workspace] = await listWorkspaces(host, testContext())
  const tree = readTree(root)
  const paths = Object.keys(tree).filter((path) => path.startsWith('workspaces/') && path !== 'workspaces/')
  if (workspace === undefined) {
    expect(paths).toEqual([])
    expect(JSON.parse(tree['run/workspaces/workspaces.json'] ?? '{"workspaces":{}}').workspaces).toEqual({})
    return 'gone'
  }
  expect(workspace).toMatchObject({ status: 'ready', isPresent: true, leases: { web: expect.any(Number) } })
  expect(paths).toHaveLength(21)
  expect(paths.every((path) => path.startsWith('workspaces/x/'))).toBe(true)
  expect(tree['workspaces/x/angee.yaml']).toContain('snapshot: 01M8338BDMC6MX86SDJEFZGCQY')
  return 'there'
}

/** Calls `attempt` with 1, 2, 3, … until it says that there was nothing left to stop before. Two at a time. */
async function untilDone(attempt: (at: number) => Promise<'there' | 'gone' | 'done'>): Promise<string[]> {
  const outcomes = new Set<string>()
  for (let at = 1; !outcomes.has('done'); at += 2)
    for (const outcome of await Promise.all([attempt(at), attempt(at + 1)])) outcomes.add(outcome)
  return [...outcomes].sort()
}

it('a creation killed before any of its effects leaves all or nothing, and the next one goes through', async () => {
  const directory = template(files)
  const outcomes = await untilDone(async (at) => {
    const { root } = parentStack()
    const { child, said } = await stopped('create', root, at, directory)
    if (said === 'done') return 'done'
    // While it lives, nobody takes away what it is making.
    const [meanwhile] = await listWorkspaces(hostAt(root), testContext())
    expect([undefined, 'creating', 'ready']).toContain(meanwhile?.status)
    await kill(child)
    const outcome = await expectWholeOrNothing(root)
    const host = hostAt(root)
    if (outcome === 'there')
      await destroyWorkspace(host, 'x', { purge: false, isDown: async () => true }, testContext())
    const made = await createWorkspace(host, { name: 'x', template: directory, from: root, inputs: {} }, testContext())
    expect(Object.keys(made.leases)).toEqual(['web'])
    return outcome
  })
  expect(outcomes).toEqual(['done', 'gone', 'there'])
})

it('a removal killed before any of its effects is finished by the next command, or has not begun', async () => {
  const directory = template(files)
  const outcomes = await untilDone(async (at) => {
    const host = parentStack()
    const restore = { snapshot: '01M8338BDMC6MX86SDJEFZGCQY' }
    await createWorkspace(host, { name: 'x', template: directory, from: host.root, inputs: {}, restore }, testContext())
    const { child, said } = await stopped('destroy', host.root, at, directory)
    if (said === 'done') return 'done'
    await kill(child)
    return expectWholeOrNothing(host.root)
  })
  expect(outcomes).toEqual(['done', 'gone', 'there'])
})

it('a creation killed in the middle of rendering leaves nothing', async () => {
  const many = Array.from({ length: 1500 }, (_, index) => [`t/d${index % 50}/f${index}.jinja`, '{{ workspace_name }}'])
  const directory = template({ ...files, ...Object.fromEntries(many) })
  const { root } = parentStack()
  const words = ['--import', file('sources.ts'), file('stopping.ts'), 'create', root, '0', directory]
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'inherit'] })
  while (!existsSync(join(root, 'workspaces/.creating-x/d1'))) await setTimeout(1)
  await kill(child)
  expect(existsSync(join(root, 'workspaces/.creating-x'))).toBe(true)
  expect(await expectWholeOrNothing(root)).toBe('gone')
})
