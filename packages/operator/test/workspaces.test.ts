import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AngeeError } from '@angee/core'
import { expect, it } from 'vitest'
import type { MadeWorkspace, Workspaces, WorkspaceWish } from '../src/index.ts'
import { operatorOf } from './support/operator.ts'
import { makeStack } from './support/stack.ts'

const made: MadeWorkspace = {
  name: 'one',
  path: '/srv/shop/workspaces/one',
  stackRoot: null,
  template: 'try',
  inputs: { topic: 'x' },
  leases: { web: 8100 },
  restore: null,
  notes: [],
  message: null,
  up: null,
}

/** Remembers what it was asked for. */
function remembering(): Workspaces & { wishes: WorkspaceWish[]; destroyed: string[] } {
  const [wishes, destroyed]: [WorkspaceWish[], string[]] = [[], []]
  return {
    wishes,
    destroyed,
    list: async () => [],
    create: async (wish, output) => {
      output.write('from a job\n')
      wishes.push(wish)
      return made
    },
    destroy: async (name) => {
      if (name === 'busy') throw new AngeeError('WORKSPACE_IN_USE', 'its stack is not down', { hint: 'Take it down.' })
      destroyed.push(name)
    },
  }
}

it('makes a workspace with the data that "latest" is when it is asked for', async () => {
  const stack = await makeStack()
  const workspaces = remembering()
  const operator = await operatorOf(stack, { workspaces })
  const { result } = await operator.done('/stack/backup', { name: 'monday' })
  const done = await operator.done('/workspaces', { template: 'try', inputs: { topic: 'x' }, restore: 'latest' })
  expect(done).toMatchObject({ state: 'succeeded', result: { name: 'one', leases: { web: 8100 }, up: null } })
  expect(workspaces.wishes).toEqual([{ template: 'try', inputs: { topic: 'x' }, snapshot: result.snapshot.id }])
})

it('keeps and tells the names of the inputs alone: a template may ask for secrets', async () => {
  const stack = await makeStack()
  const workspaces = remembering()
  const operator = await operatorOf(stack, { workspaces })
  const inputs = { key: 'canary-7f3a', topic: 'x' }
  const done = await operator.done('/workspaces', { name: 'one', template: 'try', inputs })
  expect(workspaces.wishes[0]?.inputs).toEqual(inputs)
  expect(done.input).toEqual({ name: 'one', template: 'try', inputs: ['key', 'topic'] })
  const record = await readFile(join(stack.root, 'run/backup/operator/operations', `${done.id}.json`), 'utf8')
  const told = JSON.stringify([done, operator.ctx.logs ?? [], record])
  expect(told).not.toContain('canary-7f3a')
})

it('removes one, and says why it cannot', async () => {
  const workspaces = remembering()
  const operator = await operatorOf(await makeStack(), { workspaces })
  const remove = async (name: string) => {
    const { json } = await operator.send({ method: 'DELETE', path: `/workspaces/${name}?purge=true` })
    return operator.ended(json.id)
  }
  expect(await remove('one')).toMatchObject({ state: 'succeeded', result: { destroyed: 'one' } })
  expect(await remove('busy')).toMatchObject({ state: 'failed', error: { code: 'WORKSPACE_IN_USE' } })
  expect(workspaces.destroyed).toEqual(['one'])
})

it.each([
  ['a template that lies elsewhere', { template: '/etc' }],
  ['a template above', { template: '../try' }],
  ['a template on the way up', { template: 'a/../../try' }],
  ['a commit', { template: 'try#main' }],
  ['a name that is none', { template: 'try', name: 'No/Name' }],
  ['parts without a snapshot', { template: 'try', only: ['persist/app'] }],
  ['a field that is not known', { template: 'try', shell: 'x' }],
])('refuses %s', async (_, body) => {
  const workspaces = remembering()
  const operator = await operatorOf(await makeStack(), { workspaces })
  expect(await operator.post('/workspaces', body)).toMatchObject({ status: 400, json: { code: 'USAGE' } })
  expect(workspaces.wishes).toEqual([])
})

it('refuses a snapshot that is not there', async () => {
  const operator = await operatorOf(await makeStack(), { workspaces: remembering() })
  const answer = await operator.post('/workspaces', { template: 'try', restore: 'nothing' })
  expect(answer).toMatchObject({ status: 404, json: { code: 'SNAPSHOT_NOT_FOUND' } })
})

it('has none where none can be made', async () => {
  const operator = await operatorOf(await makeStack())
  expect(await operator.get('/workspaces')).toMatchObject({ status: 200, json: { workspaces: [] } })
  expect(await operator.post('/workspaces', { template: 'try' })).toMatchObject({
    status: 400,
    json: { code: 'USAGE' },
  })
})

it('is for administrators', async () => {
  const operator = await operatorOf(await makeStack(), { workspaces: remembering() })
  const token = await operator.mint(['read', 'backup', 'restore', 'prune'])
  const answer = await operator.send({ method: 'POST', path: '/workspaces', body: { template: 'try' }, token })
  expect(answer).toMatchObject({ status: 403, json: { code: 'FORBIDDEN' } })
})
