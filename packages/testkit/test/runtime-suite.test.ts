import { PassThrough } from 'node:stream'
import type { ExecStreams, Runtime } from '@angee/core'
import { describe, expect, it } from 'vitest'
import { type RuntimeFixture, runtimeSuite, testContext } from '../src/index.ts'
import { fakeEmptyStack, fakeRuntimeFixture } from './fake-runtime-fixture.ts'
import { runSuite } from './run-suite.ts'

type Breakage = (runtime: Runtime, fixture: RuntimeFixture) => Partial<Runtime>

/** Runtimes that break one rule each, and the case that has to notice. */
const broken: Record<string, { breaks: Breakage; caughtBy: RegExp }> = {
  'takes every end for a success': {
    breaks: (runtime) => ({ exec: async (...call) => ({ ...(await runtime.exec(...call)), exitCode: 0 }) }),
    caughtBy: /gives exit code 3 /,
  },
  'drops the end of the output': {
    breaks: (runtime) => ({
      exec: (service, command, io, ...rest) => runtime.exec(service, command, withoutLastByte(io), ...rest),
    }),
    caughtBy: /64 MiB/,
  },
  'ends the stdout it was given': {
    breaks: (runtime) => ({
      exec: (service, command, io, ...rest) =>
        runtime.exec(service, command, io, ...rest).finally(() => io.stdout?.end()),
    }),
    caughtBy: /runs a string in a shell/,
  },
  'passes words through a shell': {
    breaks: (runtime) => ({
      exec: (service, command, ...rest) =>
        runtime.exec(
          service,
          typeof command === 'string' ? command : command.map((word) => word.replace('$HOME', '/root')),
          ...rest,
        ),
    }),
    caughtBy: /passes the words of a list as they are/,
  },
  'lets go on abort of what still runs': {
    breaks: (runtime) => ({
      exec: (service, command, io, options, ctx) =>
        Promise.race([runtime.exec(service, command, io, options, testContext()), rejection(ctx.signal)]),
    }),
    caughtBy: /abort ends the process/,
  },
  'keeps all of stderr': {
    breaks: (runtime) => ({
      exec: async (...call) => ({ ...(await runtime.exec(...call)), stderrTail: `${'x'.repeat(70_000)}last words\n` }),
    }),
    caughtBy: /flood on stderr/,
  },
  'forgets the services that do not run': {
    breaks: (runtime) => ({
      status: async (ctx) => (await runtime.status(ctx)).filter(({ state }) => state === 'running'),
    }),
    caughtBy: /status has one entry/,
  },
  'stops everything': {
    breaks: (runtime, { service, checked }) => ({ stop: (_names, ctx) => runtime.stop([service, checked], ctx) }),
    caughtBy: /leave other services alone/,
  },
  'starts everything': {
    breaks: (runtime, { service, checked }) => ({ start: (_names, ctx) => runtime.start([service, checked], ctx) }),
    caughtBy: /leaves other services alone/,
  },
  'waits for nothing': { breaks: () => ({ waitHealthy: async () => undefined }), caughtBy: /waitHealthy waits/ },
  'wraps the reason of an abort': {
    breaks: (runtime) => ({
      status: (ctx) => runtime.status(ctx).catch((cause: unknown) => Promise.reject(new Error('failed', { cause }))),
    }),
    caughtBy: /every call rejects with the reason/,
  },
}

describe('the runtime suite', () => {
  for (const [name, { breaks, caughtBy }] of Object.entries(broken)) {
    it(`fails a runtime that ${name}`, async () => {
      const open = async () => {
        const fixture = await fakeRuntimeFixture()
        return { ...fixture, runtime: { ...fixture.runtime, ...breaks(fixture.runtime, fixture) } }
      }
      const reports = await runSuite((api) => runtimeSuite(api, { name, open, openEmpty: fakeEmptyStack }), caughtBy)
      expect(reports.map(({ outcome }) => outcome)).toContain('failed')
    })
  }
})

function withoutLastByte({ stdin, stdout }: ExecStreams): ExecStreams {
  const cutting = new PassThrough()
  let held = Buffer.alloc(0)
  cutting.on('data', (chunk: Buffer) => {
    stdout?.write(Buffer.concat([held, chunk.subarray(0, -1)]))
    held = Buffer.from(chunk.subarray(-1))
  })
  return stdin === undefined ? { stdout: cutting } : { stdin, stdout: cutting }
}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
}
