import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { PreviousTree, TreeSummary } from '@angee/core'
import { setTimes } from '@angee/core/posix'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { archiveBackend, treeTools } from '../src/index.ts'
import { discardingSink } from '../src/tree/block-sink.ts'
import { captureTree } from '../src/tree/capture.ts'
import { isAsRemembered, openKnown } from '../src/tree/memory/compare.ts'
import { memoryWriter } from '../src/tree/memory/write.ts'
import { describeTree } from './support/describe-tree.ts'
import { memoryStore } from './support/memory-store.ts'
import { contextAhead } from './support/remembered.ts'
import { manifestOf } from './support/snapshots.ts'
import { temporaryIn } from './support/temporary.ts'
import { trustedPlaceSuite } from './support/trusted-place.ts'

/** Few names, so that edits meet. */
const path = fc.constantFrom('a', 'b', 'a.b', 'd', 'd/a', 'd/b', 'd/e', 'd/e/a', 'z')
const edit = fc.record({
  kind: fc.constantFrom(
    ...([
      'write',
      'append',
      'truncate',
      'mkdir',
      'remove',
      'rename',
      'link',
      'symlink',
      'chmod',
      'touch',
      'hide',
    ] as const),
  ),
  path,
  other: path,
  number: fc.nat({ max: 3 }),
})
type Edit = typeof edit extends fc.Arbitrary<infer Value> ? Value : never

/** Does an edit where it can be done, and nothing where it cannot. */
function apply(tree: string, { kind, path, other, number }: Edit): void {
  const [at, to] = [join(tree, path), join(tree, other)]
  try {
    if (kind === 'write') writeFileSync(at, `${number}`.repeat(100))
    else if (kind === 'append') appendFileSync(at, `${number}`)
    else if (kind === 'truncate') truncateSync(at, number)
    else if (kind === 'mkdir') mkdirSync(at)
    else if (kind === 'remove') rmSync(at, { recursive: true })
    else if (kind === 'rename') renameSync(at, to)
    else if (kind === 'link') linkSync(at, to)
    else if (kind === 'symlink') symlinkSync(other, at)
    else if (kind === 'chmod') chmodSync(at, 0o600 + number + (lstatSync(at).isDirectory() ? 0o100 : 0))
    else if (kind === 'touch') utimesSync(at, number, number)
    else {
      const { mtimeNs } = lstatSync(at, { bigint: true })
      writeFileSync(at, `${number}`.repeat(100), { flag: 'r+' })
      setTimes(at, mtimeNs, mtimeNs)
    }
  } catch (error) {
    if (!/^E[A-Z]+$/.test((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}

const begin = fc.array(edit, { minLength: 5, maxLength: 25 })
const rounds = fc.array(fc.array(edit, { maxLength: 4 }), { minLength: 2, maxLength: 5 })

trustedPlaceSuite('random edits between snapshots', (place) => {
  it('are never missed, nor is anything taken for one', { timeout: 300_000 }, async () => {
    let same = 0
    await fc.assert(
      fc.asyncProperty(begin, rounds, async (first, later) => {
        const tree = temporaryIn(place, 'tree')
        const files = temporaryIn(place, 'memory')
        for (const one of first) apply(tree, one)
        let last = { file: join(files, 'first'), summary: read(tree, join(files, 'first'), undefined) }
        for (const [round, edits] of later.entries()) {
          await setTimeout(15)
          for (const one of edits) apply(tree, one)
          const isSame = isAsRemembered(last.file, tree, [], last.summary.digest)
          same += Number(isSame)
          const file = join(files, String(round))
          const summary = read(tree, file, last.file)
          expect(summary).toEqual(read(tree, undefined, undefined))
          if (isSame) expect(summary).toEqual(last.summary)
          if (edits.length === 0) expect(isSame).toBe(true)
          last = { file, summary }
        }
      }),
      { numRuns: 60 },
    )
    expect(same).toBeGreaterThan(0)
  })

  it('leave each snapshot with what lay there, reused or not', { timeout: 300_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(begin, rounds, async (first, later) => {
        const tree = temporaryIn(place, 'tree')
        const files = temporaryIn(place, 'memory')
        const backend = archiveBackend('memory', memoryStore())
        for (const one of first) apply(tree, one)
        let last: { memory: string; previous: PreviousTree } | undefined
        for (const [round, edits] of [[], ...later].entries()) {
          await setTimeout(15)
          for (const one of edits) apply(tree, one)
          const next = join(files, String(round))
          const known = last ? { previous: last.previous, memory: { last: last.memory, next } } : { memory: { next } }
          const id = `01JDBZ0000000000000000000${round}`
          const ctx = contextAhead()
          await using writer = await backend.begin(manifestOf([], { id }), ctx)
          const { stored } = await writer.putTree('persist/data', treeTools.source(tree, [], known), ctx)
          await writer.commit(manifestOf([stored], { id }), ctx)
          if (edits.length === 0 && last) expect(existsSync(next)).toBe(false)
          last = { memory: existsSync(next) || !last ? next : last.memory, previous: { id, stored } }

          const target = temporaryIn(place, 'target')
          await using reader = await backend.reader(id, ctx)
          await reader.getTree('persist/data', target, ctx)
          expect(describeTree(target)).toEqual(describeTree(tree))
        }
      }),
      { numRuns: 4 },
    )
  })
})

/** Reads a tree, of which `last` holds what was remembered, and remembers it in `next`. */
function read(tree: string, next: string | undefined, last: string | undefined): TreeSummary {
  const memory = next === undefined ? undefined : memoryWriter({ into: next, since: Date.now() + 3_600_000 }, tree, [])
  using known = openKnown(last, tree, [])
  const { summary, warnings } = captureTree(tree, [], discardingSink(), { memory, known })
  expect(warnings).toEqual([])
  memory?.keep(summary.digest)
  return summary
}
