import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { operatorOf } from './support/operator.ts'
import { makeStack } from './support/stack.ts'

it('takes a snapshot, lists it, shows it, restores it by its plan, undoes that and removes it', async () => {
  const stack = await makeStack()
  const operator = await operatorOf(stack)

  const accepted = await operator.post('/stack/backup', { name: 'first', labels: { ticket: '42' } })
  expect(accepted).toMatchObject({ status: 202, json: { kind: 'backup', state: 'queued', result: null } })
  expect(accepted.headers['location']).toBe(`/operations/${accepted.json.id}`)
  const taken = await operator.ended(accepted.json.id)
  expect(taken).toMatchObject({ state: 'succeeded', error: null, requested_by: { name: 'test' } })
  expect(taken.result.snapshot).toMatchObject({ id: accepted.json.id, name: 'first', status: 'complete' })

  const list = await operator.get('/stack/backups')
  expect(list.json).toMatchObject({ snapshots: [{ id: taken.id, labels: { ticket: '42' } }], next_cursor: null })
  expect((await operator.get('/stack/backups/first')).json).toMatchObject({ snapshot: { id: taken.id }, pinned: false })

  await rm(join(stack.root, 'data', 'app', 'one.txt'))
  const unconfirmed = await operator.post('/stack/restore', { snapshot: 'first' })
  expect(unconfirmed).toMatchObject({
    status: 409,
    json: { code: 'PLAN_NOT_CONFIRMED', plan: { bytes: expect.any(Number), unfinished: [] } },
  })
  const plan = await operator.post('/stack/restore/plan', { snapshot: 'first' })
  expect(plan.json).toMatchObject({ digest: unconfirmed.json.plan.digest, snapshot: { id: taken.id } })
  const restored = await operator.done('/stack/restore', { snapshot: 'first', plan: plan.json.digest })
  expect(restored).toMatchObject({ state: 'succeeded', result: { replaced: ['persist/app', 'persist/uploads'] } })
  expect(await readFile(join(stack.root, 'data', 'app', 'one.txt'), 'utf8')).toBe('one\n')

  const back = await operator.post('/stack/restore/plan', { undo: true })
  const undone = await operator.done('/stack/restore/undo', { plan: back.json.digest })
  expect(undone).toMatchObject({ kind: 'undo', state: 'succeeded' })
  await expect(readFile(join(stack.root, 'data', 'app', 'one.txt'))).rejects.toThrow('ENOENT')

  const verified = await operator.done('/stack/backups/first/verify', { level: 'full' })
  expect(verified).toMatchObject({ state: 'succeeded', result: { ok: true, snapshots: [{ id: taken.id, ok: true }] } })
  const removal = await operator.send({ method: 'DELETE', path: '/stack/backups/first' })
  expect(await operator.ended(removal.json.id)).toMatchObject({ state: 'succeeded', result: { removed: taken.id } })
  expect((await operator.get('/stack/backups/first')).json).toMatchObject({ code: 'SNAPSHOT_NOT_FOUND', status: 404 })
})
