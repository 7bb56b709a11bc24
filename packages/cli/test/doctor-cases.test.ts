import { treeTools } from '@angee/archive'
import { AngeeError } from '@angee/core'
import { fakeClock, memoryBackend, stalledStream, testContext } from '@angee/testkit'
import { describe, expect, it } from 'vitest'
import { boundedBackend } from '../src/doctor/bounded.ts'
import { casesOf, runCase } from '../src/doctor/cases.ts'

const bound = 60_000
const nothing = () => undefined

describe('one case', () => {
  it.each([
    ['ok', async () => undefined, { status: 'ok' }],
    [
      'left out',
      async (test: { skip(why: string): void }) => test.skip('no check'),
      { status: 'not applicable', message: 'no check' },
    ],
    [
      'that fails',
      async () => {
        throw new Error('expected\n\n  1 to be 2')
      },
      { status: 'fail', message: 'expected 1 to be 2' },
    ],
    [
      'that fails with the words of the backend',
      async () => {
        throw new AngeeError('BACKEND_READ_ONLY', 'cannot put', { hint: 'Allow it.' })
      },
      { status: 'fail', message: 'cannot put. Allow it.' },
    ],
  ])('%s is reported', async (name, body, expected) => {
    expect(await runCase({ name, body }, bound, nothing, testContext())).toMatchObject({ name, ...expected })
  })

  it('that is over time is aborted, and fails with that', async () => {
    const clock = fakeClock(0)
    const started = Promise.withResolvers<AbortSignal>()
    const body = async () => {
      const signal = await started.promise
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    }
    const running = runCase({ name: 'slow', body }, bound, started.resolve, testContext({ clock }))
    await started.promise
    await clock.advance(bound)
    expect(await running).toMatchObject({ status: 'fail', message: 'it was not done within 60 seconds' })
  })

  it('that does not even end when it is aborted is left behind', async () => {
    const clock = fakeClock(0)
    const running = runCase(
      { name: 'stuck', body: () => new Promise(() => undefined) },
      bound,
      nothing,
      testContext({ clock }),
    )
    await clock.advance(bound)
    await clock.advance(15_000)
    expect(await running).toMatchObject({ status: 'fail', message: 'it was not done within 60 seconds' })
  })

  it('that is interrupted ends the whole with the reason', async () => {
    const stopping = new AbortController()
    const body = async () => {
      stopping.abort(new Error('Ctrl-C'))
      throw new Error('something else')
    }
    const ctx = testContext({ signal: stopping.signal })
    await expect(runCase({ name: 'x', body }, bound, nothing, ctx)).rejects.toThrow('Ctrl-C')
  })

  it('is found in what a suite declares, in its order', async () => {
    const found = casesOf(({ describe, it }) =>
      describe('outer', () => {
        it('a', async () => undefined)
        describe('inner', () => void it('b', async () => undefined))
      }),
    )
    expect(found.map(({ name }) => name)).toEqual(['a', 'b'])
  })
})

describe('a bounded backend', () => {
  const draft = { id: '01HQ3K5XYZABCDEFGH00000001', createdAt: '', stack: { name: '', root: '', host: '' } }

  it('ends what its writers are doing with the reason, and refuses what comes after', async () => {
    const stopping = new AbortController()
    const reason = new Error('the time is over')
    await using backend = boundedBackend(memoryBackend({ trees: treeTools }), stopping.signal)
    await using writer = await backend.begin(draft, testContext())
    const put = writer.putStream('service/db', () => stalledStream(Buffer.from('bytes'), 2), testContext())
    stopping.abort(reason)
    await expect(put).rejects.toBe(reason)
    await expect(backend.stat(draft.id, testContext())).rejects.toBe(reason)
  })

  it('keeps the own signal of a call, and what the backend has not', async () => {
    const ended = { signal: AbortSignal.abort(new Error('own')) }
    const backend = boundedBackend(
      { ...memoryBackend({ trees: treeTools }), check: undefined } as never,
      new AbortController().signal,
    )
    await expect(backend.preflight(testContext(ended))).rejects.toThrow('own')
    expect(backend.check).toBeUndefined()
    expect(backend.type).toBe('memory')
  })
})
