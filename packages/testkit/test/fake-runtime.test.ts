import { describe, expect, it } from 'vitest'
import { emits, fakeRuntime, runtimeSuite, testContext } from '../src/index.ts'
import { fakeEmptyStack, fakeRuntimeFixture } from './fake-runtime-fixture.ts'

runtimeSuite({ describe, it }, { name: 'fake', open: fakeRuntimeFixture, openEmpty: fakeEmptyStack })

describe('fakeRuntime', () => {
  it('remembers what was asked of it, and fails where it is told to', async () => {
    const runtime = fakeRuntime({
      services: { db: { commands: { 'dump it': emits(Buffer.from('rows')) } } },
      fault: ({ call }) => {
        if (call === 'stop') throw new Error('no')
      },
    })
    const result = await runtime.exec('db', ['dump', 'it'], {}, {}, testContext())
    expect(result.exitCode).toBe(0)
    await expect(runtime.stop(['db'], testContext())).rejects.toThrow('no')
    expect(runtime.calls).toEqual([
      { call: 'exec', service: 'db', command: ['dump', 'it'] },
      { call: 'stop', service: 'db' },
    ])
    expect(runtime.state('db')).toBe('running')
  })

  it('knows no command it was not told of', async () => {
    const runtime = fakeRuntime({ services: { db: {} } })
    const result = await runtime.exec('db', 'pump', {}, {}, testContext())
    expect(result).toEqual({ exitCode: 127, signal: null, stderrTail: 'pump: not found\n' })
  })
})
