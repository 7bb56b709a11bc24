import { treeTools } from '@angee/archive'
import { type BackendDescriptor, type BackupBackend, defineBackend, secret } from '@angee/core'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { descriptorSuite, memoryBackend, type StoredSnapshot } from '../src/index.ts'
import { type CaseReport, runSuite } from './run-suite.ts'

/** A backend in memory whose option says which of its repositories is meant. */
function memory() {
  const places = new Map<string, Map<string, StoredSnapshot>>()
  const backendAt = (place: string): BackupBackend => {
    const snapshots = places.get(place) ?? new Map<string, StoredSnapshot>()
    places.set(place, snapshots)
    return { ...memoryBackend({ trees: treeTools, snapshots }), location: `memory of ${place}` }
  }
  const descriptor = defineBackend({
    contract: 1,
    type: 'memory',
    options: z.strictObject({ place: z.string() }),
    open: async ({ options }) => backendAt(options.place),
    scratch: ({ options }, name) => {
      const place = `${options.place}/${name}~`
      return { options: { place }, location: place, remove: async () => void places.get(place)?.clear() }
    },
  })
  return { descriptor: descriptor as BackendDescriptor, places }
}

type Memory = ReturnType<typeof memory>

async function run(change: (memory: Memory) => Partial<BackendDescriptor>): Promise<CaseReport[]> {
  const made = memory()
  let count = 0
  return runSuite((api) =>
    descriptorSuite(api, {
      name: 'memory',
      descriptor: { ...made.descriptor, ...change(made) },
      trees: treeTools,
      async open() {
        count += 1
        return { options: { place: `repository-${count}` }, async [Symbol.asyncDispose]() {} }
      },
    }),
  )
}

/** Descriptors that break one rule each, and the case that has to notice. */
const broken: Record<string, { breaks: (memory: Memory) => Partial<BackendDescriptor>; caughtBy: RegExp }> = {
  'is of another contract': { breaks: () => ({ contract: 2 as 1 }), caughtBy: /speaks this contract/ },
  'takes whatever is written': {
    breaks: () => ({ options: z.looseObject({ place: z.string() }) }),
    caughtBy: /an option that it does not know/,
  },
  'opens a backend of another type': {
    breaks: ({ descriptor }) => ({
      open: async (opening, ctx) => ({ ...(await descriptor.open(opening, ctx)), type: 'other' }),
    }),
    caughtBy: /opens a backend of its type/,
  },
  'gives the repository itself for a scratch': {
    breaks: ({ descriptor }) => ({
      scratch: (opening, name) => ({
        ...(descriptor.scratch?.(opening, name) as NonNullable<ReturnType<NonNullable<BackendDescriptor['scratch']>>>),
        options: opening.options,
      }),
    }),
    caughtBy: /a scratch shares nothing/,
  },
  'gives one scratch for every name': {
    breaks: ({ descriptor }) => ({
      scratch: (opening) =>
        descriptor.scratch?.(opening, 'one') as NonNullable<ReturnType<NonNullable<BackendDescriptor['scratch']>>>,
    }),
    caughtBy: /a scratch shares nothing/,
  },
  'does not remove a scratch': {
    breaks: ({ descriptor }) => ({ scratch: withRemoval(descriptor, async () => undefined) }),
    caughtBy: /takes all of it/,
  },
  'removes everything that begins like a scratch': {
    breaks: ({ descriptor, places }) => ({
      scratch: withRemoval(descriptor, async (location) => {
        for (const [place, snapshots] of places) if (place.startsWith(location.slice(0, -1))) snapshots.clear()
      }),
    }),
    caughtBy: /takes all of it and nothing else/,
  },
  'removes the repository around a scratch': {
    breaks: ({ descriptor, places }) => ({
      scratch: withRemoval(descriptor, async (location) => {
        for (const [place, snapshots] of places) if (location.startsWith(place)) snapshots.clear()
      }),
    }),
    caughtBy: /takes all of it and nothing else/,
  },
  // The last one: what it makes a secret stays one.
  'shows a secret in its location': {
    breaks: () => ({ options: z.strictObject({ place: secret(z.string()) }) }),
    caughtBy: /location shows no secret/,
  },
}

function withRemoval(
  descriptor: BackendDescriptor,
  remove: (location: string) => Promise<void>,
): NonNullable<BackendDescriptor['scratch']> {
  return (opening, name) => {
    const place = descriptor.scratch?.(opening, name)
    if (place === undefined) throw new Error('no scratch')
    return { ...place, remove: () => remove(place.location) }
  }
}

describe('the descriptor suite', () => {
  it('passes a descriptor that keeps the contract', async () => {
    const reports = await run(() => ({}))
    expect(reports.map(({ outcome }) => outcome)).toEqual(reports.map(() => 'passed'))
    expect(reports).toHaveLength(5)
  })

  it('leaves out the cases about a scratch, and says so, where there is none', async () => {
    const reports = await run(() => ({ scratch: undefined as never }))
    expect(reports.map(({ outcome }) => outcome)).toEqual(['passed', 'passed', 'passed', 'skipped', 'skipped'])
  })

  it.each(Object.entries(broken))('catches one that %s', async (_, { breaks, caughtBy }) => {
    const failed = (await run(breaks)).filter(({ outcome }) => outcome === 'failed')
    expect(failed.map(({ name }) => name)).toContainEqual(expect.stringMatching(caughtBy))
  })
})
