import { describe, expect, it } from 'vitest'
import { operatorOf } from './support/operator.ts'
import { makeStack } from './support/stack.ts'

const id = '01J9Z3X8V0ABCDEFGHJKMNPQRS'

describe('bad input', () => {
  it('is each a 4xx with its code and a hint, and nothing is started', async () => {
    const operator = await operatorOf(await makeStack())
    const cases: [what: string, status: number, code: string, Parameters<typeof operator.send>[0]][] = [
      ['an unknown field', 400, 'USAGE', { method: 'POST', path: '/stack/backup', body: { nmae: 'x' } }],
      ['a field of the wrong type', 400, 'USAGE', { method: 'POST', path: '/stack/backup', body: { name: 7 } }],
      ['a list as the body', 400, 'USAGE', { method: 'POST', path: '/stack/backup', body: [] }],
      [
        'null as the body',
        400,
        'USAGE',
        { method: 'POST', path: '/stack/backup', raw: 'null', headers: { 'content-type': 'application/json' } },
      ],
      [
        'no JSON',
        400,
        'USAGE',
        { method: 'POST', path: '/stack/backup', raw: '{', headers: { 'content-type': 'application/json' } },
      ],
      [
        'no UTF-8',
        400,
        'USAGE',
        {
          method: 'POST',
          path: '/stack/backup',
          raw: Buffer.from([0x7b, 0xff]),
          headers: { 'content-type': 'application/json' },
        },
      ],
      [
        'a body of another type',
        415,
        'MEDIA_TYPE_UNSUPPORTED',
        {
          method: 'POST',
          path: '/stack/backup',
          raw: 'name=x',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
        },
      ],
      [
        'an oversized body',
        413,
        'BODY_TOO_LARGE',
        { method: 'POST', path: '/stack/backup', body: { name: 'x'.repeat(2_000_000) } },
      ],
      ['a bad label', 400, 'USAGE', { method: 'POST', path: '/stack/backup', body: { labels: { '': 'x' } } }],
      [
        'a label __proto__',
        400,
        'USAGE',
        {
          method: 'POST',
          path: '/stack/backup',
          raw: '{"labels":{"__proto__":"x"}}',
          headers: { 'content-type': 'application/json' },
        },
      ],
      [
        'a field __proto__',
        400,
        'USAGE',
        {
          method: 'POST',
          path: '/stack/backup',
          raw: '{"__proto__":{"name":"x"}}',
          headers: { 'content-type': 'application/json' },
        },
      ],
      ['a bad part', 400, 'USAGE', { method: 'POST', path: '/stack/backup', body: { only: ['../etc'] } }],
      ['a body where none goes', 400, 'USAGE', { method: 'POST', path: '/stack/backups/reindex', body: { x: 1 } }],
      ['a query where none goes', 400, 'USAGE', { path: '/jobs?x=1' }],
      ['an unknown query', 400, 'USAGE', { path: '/stack/backups?page=1' }],
      ['a query twice', 400, 'USAGE', { path: '/stack/backups?limit=1&limit=2' }],
      ['a limit of 0', 400, 'USAGE', { path: '/stack/backups?limit=0' }],
      ['a limit too high', 400, 'USAGE', { path: '/stack/backups?limit=100000' }],
      ['a cursor that is none', 400, 'USAGE', { path: '/stack/backups?cursor=..' }],
      ['an id with a slash', 400, 'USAGE', { path: '/stack/backups/a%2Fb' }],
      ['an id of dots', 400, 'USAGE', { path: '/stack/backups/%2e%2e%2f%2e%2e%2fetc' }],
      ['an id with NUL', 400, 'USAGE', { path: '/stack/backups/a%00b' }],
      ['an id with a line break', 400, 'USAGE', { path: '/stack/backups/a%0Ab' }],
      ['an id that is no text', 400, 'USAGE', { path: '/stack/backups/%ff' }],
      ['an id far too long', 400, 'USAGE', { path: `/stack/backups/${'a'.repeat(500)}` }],
      ['a snapshot that is not there', 404, 'SNAPSHOT_NOT_FOUND', { path: '/stack/backups/nothing' }],
      ['the latest of none', 404, 'SNAPSHOT_NOT_FOUND', { path: '/stack/backups/latest' }],
      ['an id that is not there', 404, 'SNAPSHOT_NOT_FOUND', { method: 'DELETE', path: `/stack/backups/${id}` }],
      [
        'a restore of nothing',
        404,
        'SNAPSHOT_NOT_FOUND',
        { method: 'POST', path: '/stack/restore', body: { snapshot: 'nothing' } },
      ],
      ['an undo of nothing', 404, 'NOTHING_TO_UNDO', { method: 'POST', path: '/stack/restore/undo' }],
      ['a plan of nothing', 400, 'USAGE', { method: 'POST', path: '/stack/restore/plan' }],
      [
        'a plan of two things',
        400,
        'USAGE',
        { method: 'POST', path: '/stack/restore/plan', body: { snapshot: 'x', undo: true } },
      ],
      ['a verification of nothing', 400, 'USAGE', { method: 'POST', path: '/stack/backups/verify' }],
      ['a copy to a directory', 400, 'USAGE', { method: 'POST', path: '/stack/backups/x/copy', body: { to: '/tmp' } }],
      ['a copy to nowhere', 400, 'USAGE', { method: 'POST', path: '/stack/backups/x/copy', body: { to: 'nowhere' } }],
      [
        'a policy that says nothing',
        400,
        'USAGE',
        { method: 'POST', path: '/stack/backups/prune', body: { policy: { keep_last: -1 } } },
      ],
      ['an operation that is not there', 404, 'OPERATION_NOT_FOUND', { path: `/operations/${id}` }],
      ['an operation that is none', 400, 'USAGE', { path: '/operations/x' }],
      ['the events of nothing', 404, 'OPERATION_NOT_FOUND', { path: `/operations/${id}/events` }],
      ['to cancel nothing', 404, 'OPERATION_NOT_FOUND', { method: 'POST', path: `/operations/${id}/cancel` }],
      ['a path that is not there', 404, 'ROUTE_NOT_FOUND', { path: '/stack' }],
      ['a path above all', 404, 'ROUTE_NOT_FOUND', { path: '/../../etc/passwd' }],
      ['another method', 405, 'METHOD_NOT_ALLOWED', { method: 'PUT', path: '/stack/backups' }],
    ]
    for (const [what, status, code, sending] of cases) {
      const { json, headers, ...answer } = await operator.send(sending)
      expect([what, answer.status, json?.code], answer.text).toEqual([what, status, code])
      expect(headers['content-type'], what).toBe('application/problem+json')
      expect(json, what).toMatchObject({
        status,
        type: `urn:angee:error:${code}`,
        title: expect.any(String),
        detail: expect.any(String),
      })
      expect(json.hint, what).toMatch(/\S/)
    }
    expect((await operator.get('/operations')).json.operations).toEqual([])
  })

  it('that only its turn shows is told by the operation: an unknown job, part, service', async () => {
    const operator = await operatorOf(await makeStack())
    for (const [path, body, code] of [
      ['/jobs/nothing/run', {}, 'USAGE'],
      ['/stack/backup', { only: ['persist/nothing'] }, 'PART_UNKNOWN'],
      ['/stack/backup', { name: 'latest' }, 'USAGE'],
      ['/stack/up', { services: ['nothing'] }, 'USAGE'],
    ] as const) {
      const { state, error } = await operator.done(path, body)
      expect([path, state, error.code]).toEqual([path, 'failed', code])
      expect(error.hint).toMatch(/\S/)
    }
  })

  it('in angee.yaml is told by every route that needs it, and the operator goes on', async () => {
    const stack = await makeStack()
    const operator = await operatorOf(stack)
    await stack.write({ 'angee.yaml': 'persist: [' })
    for (const path of ['/stack/status', '/jobs', '/readyz']) {
      expect(await operator.get(path)).toMatchObject({ status: 422, json: { code: 'MANIFEST_INVALID' } })
    }
    expect(await operator.done('/stack/backup')).toMatchObject({ state: 'failed', error: { code: 'MANIFEST_INVALID' } })
    await stack.write({ 'angee.yaml': 'persist: { app: { subpath: ./data/app } }' })
    expect((await operator.get('/readyz')).status).toBe(200)
    expect(await operator.done('/stack/backup')).toMatchObject({ state: 'succeeded' })
  })
})
