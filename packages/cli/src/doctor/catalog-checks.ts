import { type CatalogRecord, type Context, readCatalog, type Stack } from '@angee/core'
import { counted } from '../output/format.ts'
import { type Check, fail, ok, warn } from './check.ts'
import { checkSpace } from './stack-checks.ts'

/** Compares the catalog with what the backend holds, and the space with what a restore needs. */
export async function checkCatalog(stack: Stack, ctx: Context, command: (words: string) => string): Promise<Check[]> {
  const { records, damagedLines } = await readCatalog(stack.store)
  const { stored, damaged } = await storedSnapshots(stack, ctx)
  const reindex = `Rebuild the list: ${command('stack backup reindex')}`
  const found: Check[] = []
  if (damagedLines.length > 0) {
    found.push(
      warn(
        'catalog',
        `${counted(damagedLines.length, 'line')} of it cannot be read (${damagedLines.slice(0, 5).join(', ')})`,
        reindex,
      ),
    )
  }
  const listed = new Set(records.map(({ id }) => id))
  const unlisted = [...stored].filter((id) => !listed.has(id))
  const gone = [...listed].filter((id) => !stored.has(id) && !damaged.has(id))
  if (unlisted.length > 0) found.push(warn('catalog', `it lacks ${some(unlisted)}, which the backend holds`, reindex))
  if (gone.length > 0) found.push(warn('catalog', `it lists ${some(gone)}, which the backend does not hold`, reindex))
  for (const [id, problem] of damaged) {
    found.push(
      fail('snapshot', `${id}: ${problem}`, `Remove it when you need it no more: ${command(`stack backup rm ${id}`)}`),
    )
  }
  if (found.length === 0) found.push(ok('catalog', counted(records.length, 'snapshot')))
  return [...found, newestGood(records, ctx, command), await checkSpace(stack, newestBytes(records))]
}

async function storedSnapshots(
  stack: Stack,
  ctx: Context,
): Promise<{ stored: Set<string>; damaged: Map<string, string> }> {
  const stored = new Set<string>()
  const damaged = new Map<string, string>()
  for await (const snapshot of stack.backend.list(ctx)) {
    if ('damaged' in snapshot) damaged.set(snapshot.id, snapshot.problem)
    else stored.add(snapshot.id)
  }
  return { stored, damaged }
}

function newestGood(records: readonly CatalogRecord[], ctx: Context, command: (words: string) => string): Check {
  const name = 'latest'
  const future = records.filter(({ createdAt }) => Date.parse(createdAt) > ctx.clock.now() + 10 * 60_000)
  if (future.length > 0) {
    return warn(
      name,
      `${some(future.map(({ id }) => id))} is dated in the future and never counts as latest`,
      'Check the clock of this machine.',
    )
  }
  const complete = records.filter(({ status, purpose }) => status === 'complete' && purpose !== 'safety').at(-1)
  if (complete) return ok(name, `${complete.id}, taken ${complete.createdAt}`)
  return warn(name, 'there is no complete snapshot yet', `Take one: ${command('stack backup')}`)
}

function newestBytes(records: readonly CatalogRecord[]): number | undefined {
  return records.at(-1)?.parts.reduce((sum, { rawBytes }) => sum + rawBytes, 0)
}

function some(ids: readonly string[]): string {
  return ids.length <= 3 ? ids.join(', ') : `${ids.slice(0, 3).join(', ')} and ${ids.length - 3} more`
}
