import { bringUpStack, runStackJob, takeDownStack } from '@angee/core'
import { serviceFacts } from '../../stack/status.ts'
import { defineKind } from '../kind.ts'

/** Brings the stack up, or the named services with what they depend on. */
export const up = defineKind<{ services?: readonly string[]; withoutWaiting: boolean }>({
  lane: 'writer',
  run: async (input, { stack, effects, ctx }) => {
    const { services, restored, jobs, files } = await bringUpStack(stack, input, effects, ctx)
    return {
      result: {
        name: stack.name,
        services: services.map(serviceFacts),
        restored: restored.map(({ job, manifest, parts }) => ({
          job,
          snapshot: manifest.id,
          ...(manifest.name === undefined ? {} : { name: manifest.name }),
          parts,
        })),
        jobs,
        files: files.map(({ kind, file, outcome }) => ({ runtime: kind, file, outcome })),
      },
    }
  },
})

/** Stops and removes what runs. */
export const down = defineKind<{ volumes: boolean }>({
  lane: 'writer',
  run: async ({ volumes }, { stack, ctx }) => {
    await takeDownStack(stack, { volumes }, ctx)
    return { result: { name: stack.name, volumes } }
  },
})

/** Runs one job. */
export const job = defineKind<{ job: string; again: boolean }>({
  lane: 'writer',
  run: async ({ job: name, again }, { stack, effects, ctx }) => ({
    result: { job: name, ran: await runStackJob(stack, name, { again }, effects, ctx) },
  }),
})
