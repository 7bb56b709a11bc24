import assert from 'node:assert/strict'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type BackendDescriptor,
  type BackendOpening,
  type BackupBackend,
  contractVersion,
  openBackend,
  parseOptions,
  redact,
  type TreeTools,
} from '@angee/core'
import type { RunningCase, SuiteApi } from '../api.ts'
import { assertCode, draftOf, idOf, idsOf, streamOf, takeSnapshot } from '../backend/snapshots.ts'
import { testContext } from '../fakes/index.ts'
import { pseudoRandomBytes, wholeStream } from '../streams/index.ts'

/** Options for a fresh, empty repository. Disposing it removes what the case left there. */
export interface DescriptorFixture extends AsyncDisposable {
  /** As a user would write them beside `type`. */
  readonly options: Record<string, unknown>
}

export interface DescriptorSuite {
  /** Shown in the report. */
  name: string
  /** What the package default-exports. */
  descriptor: BackendDescriptor
  /** `treeTools` of @angee/archive. */
  trees: TreeTools
  /** `stackRoot` is an empty directory of this case's own. Cases never share a repository. */
  open(stackRoot: string): Promise<DescriptorFixture>
}

interface Bench {
  options: Record<string, unknown>
  opening: BackendOpening<unknown>
  open(options?: unknown): Promise<BackupBackend>
}

const bytes = pseudoRandomBytes(150, 50_000)
const contents = { 'service/db': bytes }

/** Declares one case for every MUST of a backend's descriptor: what users meet before the first snapshot. */
export function descriptorSuite(api: SuiteApi, suite: DescriptorSuite): void {
  const { name, descriptor } = suite
  const declare = (title: string, body: (bench: Bench, test: RunningCase) => Promise<void>) =>
    api.it(title, async (test) => withBench(suite, (bench) => body(bench, test)))

  api.describe(`backend descriptor: ${name}`, () => {
    declare('speaks this contract, and names a type', async () => {
      assert.equal(descriptor.contract, contractVersion)
      assert.match(descriptor.type, /^[a-z0-9][a-z0-9-]*$/)
    })

    declare('refuses an option that it does not know', async ({ options }) => {
      const misspelt = { ...options, 'no-such-option': true }
      const parse = async () => parseOptions(descriptor.options, misspelt, 'backup_backend')
      await assertCode(parse(), 'BACKEND_OPTIONS_INVALID')
    })

    declare('opens a backend of its type, whose location shows no secret', async ({ open }) => {
      await using backend = await open()
      assert.equal(redact(backend.location), backend.location)
    })

    scratchCases(declare, descriptor)
  })
}

function scratchCases(
  declare: (title: string, body: (bench: Bench, test: RunningCase) => Promise<void>) => unknown,
  descriptor: BackendDescriptor,
): void {
  const noScratch = 'the descriptor has no scratch'

  declare('a scratch shares nothing with the repository beside it, nor with another scratch', async (bench, test) => {
    const place = descriptor.scratch?.(bench.opening, 'suite-a')
    const other = descriptor.scratch?.(bench.opening, 'suite-b')
    if (place === undefined || other === undefined) return test.skip(noScratch)
    await using backend = await bench.open()
    await takeSnapshot(backend, idOf(1), contents)
    for (const { location } of [place, other]) assert.equal(redact(location), location)
    {
      await using scratch = await bench.open(place.options)
      await using beside = await bench.open(other.options)
      await takeSnapshot(scratch, idOf(1), { 'service/db': pseudoRandomBytes(151, 1000) })
      assert.deepEqual(await idsOf(beside), [])
      await takeSnapshot(beside, idOf(1), { 'service/db': pseudoRandomBytes(152, 1000) })
      await backend.collectGarbage?.(testContext())
      await scratch.delete(idOf(1), testContext())
      assert.deepEqual(await idsOf(scratch), [])
      assert.deepEqual(await idsOf(beside), [idOf(1)])
      await assertUntouched(backend)
    }
    for (const each of [place, other]) await each.remove(testContext())
    await assertUntouched(backend)
  })

  declare(
    'the removal of a scratch takes all of it and nothing else, and may be asked for twice',
    async (bench, test) => {
      const place = descriptor.scratch?.(bench.opening, 'suite-a')
      const other = descriptor.scratch?.(bench.opening, 'suite-ab')
      if (place === undefined || other === undefined) return test.skip(noScratch)
      await using backend = await bench.open()
      await takeSnapshot(backend, idOf(1), contents)
      await place.remove(testContext())
      {
        await using scratch = await bench.open(place.options)
        await using beside = await bench.open(other.options)
        await takeSnapshot(scratch, idOf(1), contents)
        await takeSnapshot(beside, idOf(1), contents)
        // What an interrupted check leaves: neither committed nor given up.
        const writer = await scratch.begin(draftOf(idOf(2)), testContext())
        await writer.putStream('service/db', () => wholeStream(bytes), testContext())
        await place.remove(testContext())
        await place.remove(testContext())
        assert.deepEqual(await idsOf(beside), [idOf(1)])
      }
      await using again = await bench.open(place.options)
      assert.deepEqual(await idsOf(again), [])
      await takeSnapshot(again, idOf(1), contents)
      await place.remove(testContext())
      await other.remove(testContext())
      await assertUntouched(backend)
    },
  )
}

async function assertUntouched(backend: BackupBackend): Promise<void> {
  assert.deepEqual(await idsOf(backend), [idOf(1)])
  assert.ok(bytes.equals(await streamOf(backend, idOf(1), 'service/db')), 'the snapshot beside it has changed')
}

async function withBench(
  { descriptor, trees, open }: DescriptorSuite,
  use: (bench: Bench) => Promise<void>,
): Promise<void> {
  const stackRoot = await mkdtemp(join(tmpdir(), 'angee-descriptor-suite-'))
  try {
    await using fixture = await open(stackRoot)
    const parsed = parseOptions(descriptor.options, fixture.options, 'backup_backend')
    const opening = { options: parsed, stackRoot, trees }
    await use({
      options: fixture.options,
      opening,
      open: (options = parsed) => openBackend(descriptor, { ...opening, options }, testContext()),
    })
  } finally {
    await trees.remove(stackRoot)
  }
}
