import { writeFile } from 'node:fs/promises'
import { PassThrough, type Writable } from 'node:stream'
import type { Runtime, StackDefinition } from '@angee/core'
import { describe, expect, it } from 'vitest'
import { type EmptyStack, runtimeSuite, testContext } from '../src/index.ts'
import { fakeEmptyStack, fakeRuntimeFixture } from './fake-runtime-fixture.ts'
import { runSuite } from './run-suite.ts'

type Breakage = (runtime: Runtime, stack: EmptyStack) => Partial<Runtime>

/** Runtimes that break one rule of bringing up each, and the case that has to notice. */
const broken: Record<string, { breaks: Breakage; caughtBy: RegExp }> = {
  'starts what it prepares': {
    breaks: (runtime) => ({
      async prepare(definition, ctx) {
        const prepared = await runtime.prepare(definition, ctx)
        await runtime.up(['app'], definition, ctx)
        return prepared
      },
    }),
    caughtBy: /prepare starts nothing/,
  },
  'writes its file whatever lies there': {
    breaks: (runtime) => ({
      async prepare(definition, ctx) {
        const { file } = await runtime.prepare(definition, ctx)
        await writeFile(file, '{ "services": ["mine"], "jobs": ["seed"] } ')
        return { file, outcome: 'by-hand' }
      },
    }),
    caughtBy: /a person wrote/,
  },
  'tells of a file it keeps that it was written': {
    breaks: (runtime) => ({
      prepare: async (definition, ctx) => ({ ...(await runtime.prepare(definition, ctx)), outcome: 'written' }),
    }),
    caughtBy: /prepare writes the file, keeps it/,
  },
  'writes secrets where others read them': {
    breaks: (runtime) => ({
      async prepare(definition, ctx) {
        const secrets = [...definition.secrets.values()].map(({ value }) => value).join('\n')
        await writeFile(`${definition.stackRoot}/secrets`, secrets, { mode: 0o644 })
        return runtime.prepare(definition, ctx)
      },
    }),
    caughtBy: /in no file that others can read/,
  },
  'makes anew what it should leave alone': {
    breaks: (runtime) => ({
      async up(names, definition, ctx) {
        await runtime.up(names, definition, ctx)
        await runtime.stop(names, ctx)
        await runtime.start(names, ctx)
      },
    }),
    caughtBy: /again, also by another process, it leaves them alone/,
  },
  'leaves alone what it should make anew': {
    breaks: (runtime) => ({ up: (names, _definition, ctx) => runtime.start(names, ctx) }),
    caughtBy: /up makes a service anew/,
  },
  'brings up what services depend on': {
    breaks: (runtime) => ({
      up: (names, definition, ctx) => runtime.up([...names, ...dependenciesOf(definition, names)], definition, ctx),
    }),
    caughtBy: /not even what they depend on/,
  },
  'leaves what is paused': {
    breaks: (runtime) => ({
      async up(names, definition, ctx) {
        const paused = (await runtime.status(ctx)).filter(({ state }) => state === 'paused')
        await runtime.up(names, definition, ctx)
        for (const { service } of paused) await runtime.pause([service], ctx)
      },
    }),
    caughtBy: /lets go on what is paused/,
  },
  'takes a secret for a template': {
    breaks: (runtime) => ({
      up: (names, definition, ctx) => runtime.up(names, withoutDollars(definition), ctx),
    }),
    caughtBy: /byte for byte/,
  },
  'leaves something on down': {
    breaks: (runtime) => ({ down: (_options, ctx) => runtime.stop(['web'], ctx) }),
    caughtBy: /down takes away everything/,
  },
  'takes every end of a job for a success': {
    breaks: (runtime) => ({ runJob: async (...call) => ({ ...(await runtime.runJob(...call)), exitCode: 0 }) }),
    caughtBy: /gives the exit code of the job/,
  },
  'drops the end of a job’s output': {
    breaks: (runtime) => ({
      runJob: (job, definition, output, ctx) => runtime.runJob(job, definition, output && withoutEnd(output), ctx),
    }),
    caughtBy: /10 MB of output/,
  },
  'ends the output it was given': {
    breaks: (runtime) => ({
      runJob: (job, definition, output, ctx) =>
        runtime.runJob(job, definition, output, ctx).finally(() => output?.end()),
    }),
    caughtBy: /two jobs run at once/,
  },
  'lets go of a job on abort': {
    breaks: (runtime) => ({
      runJob: (job, definition, output, ctx) =>
        Promise.race([runtime.runJob(job, definition, output, testContext()), rejection(ctx.signal)]),
    }),
    caughtBy: /abort ends a job/,
  },
  'starts what a job depends on': {
    breaks: (runtime) => ({
      async runJob(job, definition, output, ctx) {
        await runtime.up(dependenciesOf(definition, [job]), definition, ctx)
        return runtime.runJob(job, definition, output, ctx)
      },
    }),
    caughtBy: /without what it depends on/,
  },
  'takes no notice of a signal that has aborted': {
    breaks: (runtime) => ({ down: (options) => runtime.down(options, testContext()) }),
    caughtBy: /reject with the reason of a signal/,
  },
}

describe('the runtime suite, bringing up', () => {
  for (const [name, { breaks, caughtBy }] of Object.entries(broken)) {
    it(`fails a runtime that ${name}`, async () => {
      const openEmpty = async () => {
        const stack = await fakeEmptyStack()
        const runtime = await stack.open()
        return { ...stack, open: async () => ({ ...runtime, ...breaks(runtime, stack) }) }
      }
      const suite = { name, open: fakeRuntimeFixture, openEmpty }
      const reports = await runSuite((api) => runtimeSuite(api, suite), caughtBy)
      expect(reports.map(({ outcome }) => outcome)).toContain('failed')
    })
  }
})

function dependenciesOf({ services, jobs }: StackDefinition, names: readonly string[]): string[] {
  const given = [...services, ...jobs].filter(({ name }) => names.includes(name))
  return given.flatMap(({ dependsOn }) => dependsOn.map(({ name }) => name))
}

function withoutDollars(definition: StackDefinition): StackDefinition {
  const changed = [...definition.secrets].map(([name, one]) => [name, { ...one, value: one.value.replace('$', '') }])
  return { ...definition, secrets: new Map(changed as [string, { variable: string; value: string }][]) }
}

function withoutEnd(output: Writable): Writable {
  const cutting = new PassThrough()
  let left = 9_000_000
  cutting.on('data', (chunk: Buffer) => {
    output.write(chunk.subarray(0, left))
    left = Math.max(0, left - chunk.length)
  })
  return cutting
}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
}
