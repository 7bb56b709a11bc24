import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Context, StoredPart, TreeSource, TreeSummary } from '@angee/core'
import { treeTools } from '../../src/index.ts'
import { testContext } from './context.ts'
import { temporaryIn } from './temporary.ts'

/** What one reading has remembered of a tree. */
export interface Remembered {
  file: string
  summary: TreeSummary
}

/** A context whose clock stands at `now`, in milliseconds since 1970. */
export function contextAt(now: number): Context {
  return { ...testContext(), clock: { ...testContext().clock, now: () => now } }
}

/** A context of a later hour: everything that was changed here is old enough. */
export function contextAhead(): Context {
  return contextAt(Date.now() + 3_600_000)
}

/** Reads a tree in full as a snapshot does. Waits until every change from now on gives other times. */
export async function remember(
  place: string,
  tree: string,
  exclude: readonly string[] = [],
  ctx = contextAhead(),
): Promise<Remembered> {
  const file = join(temporaryIn(place, 'memory'), 'tree.entries')
  const { stream, result } = treeTools.source(tree, exclude, { memory: { next: file } }).toTar(ctx)
  for await (const _ of stream);
  const { summary } = await result
  await setTimeout(20)
  return { file, summary }
}

/** The source of the same tree at the next snapshot. */
export function sourceAfter({ file, summary }: Remembered, tree: string, exclude: readonly string[] = []): TreeSource {
  const nothing = { bytes: 0, digest: '' }
  const stored: StoredPart = { part: 'persist/data', kind: 'tree', raw: nothing, stored: nothing, tree: summary }
  const previous = { id: '01JDBZ00000000000000000000', stored }
  return treeTools.source(tree, exclude, { previous, memory: { last: file, next: `${file}.next` } })
}

/** The summary by reading every file. */
export async function fullSummary(tree: string, exclude: readonly string[] = []): Promise<TreeSummary> {
  return (await treeTools.summarize(treeTools.source(tree, exclude), testContext())).summary
}

/** Puts `to` in the place of `from` in a file of remembered entries, as whoever wrote it might have done. */
export function reseal(file: string, from: Buffer, to: Buffer): void {
  const bytes = readFileSync(file)
  const at = bytes.indexOf(from)
  if (at < 0 || from.length !== to.length) throw new Error(`${file} does not hold that`)
  to.copy(bytes, at)
  const sealed = bytes.subarray(0, -32)
  writeFileSync(file, Buffer.concat([sealed, createHash('sha256').update(sealed).digest()]))
}
