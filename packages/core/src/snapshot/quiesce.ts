import type { Context } from '../contract/index.ts'
import { toAngeeError } from '../errors/index.ts'
import { runHook } from '../hooks/index.ts'
import type { Journal } from '../journal/index.ts'
import type { StreamPart } from '../scope/index.ts'
import { onRuntimes, type Stack } from '../stack/index.ts'
import type { QuiescedService, SnapshotJournal } from './journal-entry.ts'

/** Runs the `before` hooks, one after the other, each announced in the journal first. */
export async function runBefore(
  stack: Stack,
  streams: readonly StreamPart[],
  journal: Journal<SnapshotJournal>,
  ctx: Context,
): Promise<void> {
  for (const part of streams) {
    if (part.hook.before === undefined && part.hook.after === undefined) continue
    await journal.write({ owedAfter: [...journal.entry.owedAfter, part.service] })
    if (part.hook.before !== undefined) await runHook(stack, part, 'before', part.hook.before, {}, ctx)
  }
}

/** Pauses or stops the services that ask for it while files are captured. */
export async function quiesce(
  stack: Stack,
  streams: readonly StreamPart[],
  journal: Journal<SnapshotJournal>,
  ctx: Context,
): Promise<void> {
  for (const { service, runtime: kind, hook } of streams) {
    if (hook.quiesce === 'none') continue
    const how = hook.quiesce
    await journal.write({ quiesced: [...journal.entry.quiesced, { service, kind, how }] })
    const runtime = await stack.runtimes.get(kind)
    await (how === 'pause' ? runtime.pause([service], ctx) : runtime.stop([service], ctx))
  }
}

/**
 * Brings back what {@link quiesce} took and runs the owed `after` hooks, all of them even when one fails.
 * Returns what went wrong. Safe to repeat.
 */
export async function release(
  stack: Stack,
  { owedAfter, quiesced }: Pick<SnapshotJournal, 'owedAfter' | 'quiesced'>,
  ctx: Context,
): Promise<Error[]> {
  const problems: Error[] = []
  const attempt = async (action: () => Promise<void>): Promise<void> => {
    await action().catch((error: unknown) => problems.push(toAngeeError(error)))
  }
  const services = (how: QuiescedService['how']): QuiescedService[] => quiesced.filter((one) => one.how === how)
  await attempt(() => onRuntimes(stack.runtimes, services('pause'), (runtime, names) => runtime.resume(names, ctx)))
  await attempt(() => onRuntimes(stack.runtimes, services('stop'), (runtime, names) => runtime.start(names, ctx)))
  await attempt(() => onRuntimes(stack.runtimes, services('stop'), (runtime, names) => runtime.waitHealthy(names, ctx)))
  for (const part of stack.scope) {
    if (part.kind !== 'stream' || !owedAfter.includes(part.service)) continue
    const { after } = part.hook
    if (after !== undefined) await attempt(() => runHook(stack, part, 'after', after, {}, ctx))
  }
  return problems
}
