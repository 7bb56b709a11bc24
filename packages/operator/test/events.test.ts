import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { describe, expect, it } from 'vitest'
import { target } from './support/http.ts'
import { operatorOf, type TestOperator } from './support/operator.ts'
import { slowStack } from './support/slow.ts'
import { makeStack } from './support/stack.ts'

interface Told {
  id: string
  event: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever came
  data: any
}

function eventsIn(text: string): Told[] {
  return text
    .split('\n\n')
    .filter((block) => block.startsWith('id: '))
    .map((block) => {
      const [, id = '', event = '', data = ''] = /^id: (.*)\nevent: (.*)\ndata: (.*)$/.exec(block) ?? []
      return { id, event, data: JSON.parse(data) }
    })
}

async function eventsOf(operator: TestOperator, id: string, after?: string): Promise<Told[]> {
  const headers = after === undefined ? {} : { 'last-event-id': after }
  return eventsIn((await operator.send({ path: `/operations/${id}/events`, headers })).text)
}

/** Opens a stream and leaves it open. */
async function follow(operator: TestOperator, token: string, id: string): Promise<[ClientRequest, IncomingMessage]> {
  const headers = { authorization: `Bearer ${token}` }
  const outgoing = request({ ...target(operator.url), path: `/operations/${id}/events`, headers }).end()
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
  return [outgoing, incoming]
}

describe('events', () => {
  it('tell of an operation from its begin to its end, also when all is over', async () => {
    const operator = await operatorOf(await makeStack())
    const { id } = await operator.done('/stack/backup')
    const events = await eventsOf(operator, id)
    expect(events.map(({ event }) => event)).toEqual([
      'state',
      'state',
      'phase',
      'phase',
      ...events.filter(({ event }) => event === 'part').map(() => 'part'),
      'phase',
      'end',
    ])
    expect(events[0]?.data).toMatchObject({ type: 'state', state: 'queued', at: expect.any(String) })
    expect(events.at(-1)?.data).toMatchObject({ type: 'end', state: 'succeeded', error: null })
    expect(events.every(({ event, data }) => event === data.type)).toBe(true)
  })

  it('go on after each event that arrived: none is lost, none comes twice', async () => {
    const operator = await operatorOf(await makeStack())
    const { id } = await operator.done('/stack/backup')
    const all = await eventsOf(operator, id)
    for (const [index, { id: last }] of all.entries()) {
      expect(await eventsOf(operator, id, last)).toEqual(all.slice(index + 1))
    }
    const over = await operator.send({
      path: `/operations/${id}/events`,
      headers: { 'last-event-id': all.at(-1)?.id ?? '' },
    })
    expect(over).toMatchObject({ status: 204, text: '' })
  })

  it.each(['1', '-1', 'x', '9999999999', '1.5', '99999999999999999999'])(
    'after "%s" there are none: it names no event',
    async (after) => {
      const operator = await operatorOf(await makeStack())
      const { id } = await operator.done('/stack/backup')
      const { status, json } = await operator.send({
        path: `/operations/${id}/events`,
        headers: { 'last-event-id': after },
      })
      expect([status, json.code]).toEqual([400, 'USAGE'])
    },
  )

  it('arrive while the operation runs, and a follower that goes is forgotten', async () => {
    const stack = await slowStack()
    const operator = await operatorOf(stack)
    const token = await operator.mint(['read'])
    const { json } = await operator.post('/stack/backup')
    await stack.begun
    const [gone] = await follow(operator, token, json.id)
    gone.destroy()
    const [, stream] = await follow(operator, token, json.id)
    let text = ''
    for await (const piece of stream) {
      text += piece
      // Live: what comes now was not there when the stream was opened.
      if (text.includes('"state":"started"')) stack.go()
    }
    expect(eventsIn(text)).toEqual(await eventsOf(operator, json.id))
    expect(eventsIn(text).at(-1)?.event).toBe('end')
  })

  it('tell what a job writes, a line each, and cut out secrets', async () => {
    const stack = await makeStack({
      'angee.yaml': 'name: shop\njobs:\n  migrate: { runtime: container, image: x, command: [go] }\nservices: {}\n',
      '.env': 'DB_PASSWORD=very-secret-value\n',
    })
    const { fakeRuntime } = await import('@angee/testkit')
    stack.give(
      'container',
      fakeRuntime({
        type: 'fake-container',
        jobs: {
          migrate: async ({ stdout }) => {
            for (const piece of ['one\ntw', 'o very-sec', 'ret-value\nthree']) stdout.write(piece)
            return 0
          },
        },
      }),
    )
    const operator = await operatorOf(stack)
    const done = await operator.done('/jobs/migrate/run')
    expect(done).toMatchObject({ state: 'succeeded', result: { job: 'migrate', ran: true } })
    const lines = (await eventsOf(operator, done.id)).filter(({ event }) => event === 'output')
    expect(lines.map(({ data }) => data.line)).toEqual(['one', 'two [redacted]', 'three'])
  })
})
