import { join } from 'node:path'
import type { BringUpEffects } from '../bring-up/bring-up.ts'
import { planStack } from '../bring-up/plan.ts'
import { walkOf } from '../bring-up/walk.ts'
import { updateRecords } from '../catalog/index.ts'
import type { Context, PartId, SnapshotManifest } from '../contract/index.ts'
import { AngeeError, toAngeeError } from '../errors/index.ts'
import { runHook } from '../hooks/index.ts'
import { lockStack } from '../lock/index.ts'
import { restoreLocked } from '../operations/restore.ts'
import type { TreePart } from '../scope/index.ts'
import { newSnapshotId } from '../snapshot/id.ts'
import type { Stack } from '../stack/index.ts'
import { type DrillRoot, drillRoot, stateDirectoryOf, sweepDrills, writeDrill } from './place.ts'

export interface DrillEffects extends BringUpEffects {
  /** As many ports of this machine as were asked for, free when this was called. */
  freePorts(amount: number): Promise<number[]>
}

export interface DrillReport {
  manifest: SnapshotManifest
  /** What was proven of each part. `checked`: its `check:` command ended with 0. */
  parts: { part: PartId; proof: 'same digest' | 'loaded' | 'checked' }[]
  /** From begin to the last check. */
  seconds: number
  at: string
}

/**
 * Proves that a snapshot can be restored: makes a throw-away stack of the stack's own definition, restores into it,
 * compares every tree with the digest it had, loads every dump, waits for health, runs the declared `check:` commands,
 * and removes all of it again, whatever happened. Success is noted in the catalog. The stack itself is not touched.
 * DRILL_FAILED says at what; SNAPSHOT_NOT_FOUND, SNAPSHOT_CORRUPT and what a restore can fail with.
 */
export async function drillSnapshot(
  stack: Stack,
  id: string,
  effects: DrillEffects,
  ctx: Context,
): Promise<DrillReport> {
  const end = (at: DrillRoot) => endDrill(stack, at, effects, { ...ctx, signal: new AbortController().signal })
  await sweepDrills(stack, end, ctx)
  const manifest = await stack.backend.stat(id, ctx)
  const operation = newSnapshotId(ctx.clock, ctx.random)
  const at = drillRoot(stack, operation)
  const begun = ctx.clock.now()
  // Of the copy, not of the stack: a drill keeps nobody from taking a snapshot, and says to others that it is at work.
  const lock = { operation: 'drill', id: manifest.id }
  using _lock = await lockStack(stateDirectoryOf(at), lock, stack.files, ctx.clock)
  try {
    const parts = await restoreAndCheck(stack, manifest, at, effects, ctx)
    const proven = { at: new Date(ctx.clock.now()).toISOString(), seconds: (ctx.clock.now() - begun) / 1000 }
    await updateRecords(stack.store, (all) => all.map((record) => (record.id === id ? { ...record, proven } : record)))
    return { manifest, parts, ...proven }
  } catch (error) {
    ctx.signal.throwIfAborted()
    const { code, message, hint, context } = toAngeeError(error)
    throw new AngeeError('DRILL_FAILED', `the drill of ${id} failed: ${message}`, {
      ...(hint === undefined ? {} : { hint }),
      context: { ...context, cause: code },
      cause: error,
    })
  } finally {
    ctx.onProgress({ type: 'phase', phase: 'destroy', message: 'removing the throw-away stack' })
    await end(at)
  }
}

async function restoreAndCheck(
  stack: Stack,
  manifest: SnapshotManifest,
  at: DrillRoot,
  effects: DrillEffects,
  ctx: Context,
): Promise<DrillReport['parts']> {
  ctx.onProgress({ type: 'phase', phase: 'prepare', message: 'making a throw-away stack' })
  // A port for each that the manifest may name; what is not needed is never opened.
  await writeDrill(stack, at, await effects.freePorts(32), ctx)
  await using copy = await effects.openStack(at.root, ctx)
  const { plan } = await planStack(copy, { random: ctx.random, environment: effects.environment }, ctx)
  const restore = (only: readonly PartId[], bringUp?: (services: readonly { service: string }[]) => Promise<void>) => {
    const request = { snapshot: manifest.id, from: stack.backend, only, withoutSafety: true }
    const operation = newSnapshotId(ctx.clock, ctx.random)
    return restoreLocked(copy, operation, { ...request, ...(bringUp === undefined ? {} : { bringUp }) }, ctx)
  }
  // Before anything starts that could change them.
  const trees = manifest.parts.filter(({ kind }) => kind === 'tree').map(({ part }) => part)
  if (trees.length > 0) await restore(trees)
  for (const part of trees) await compare(copy, part, manifest, ctx)

  const streams = manifest.parts.filter(({ part }) => part.startsWith('service/')).map(({ part }) => part)
  const walk = walkOf(copy, plan, new Set(), effects.output, ctx)
  if (streams.length > 0) {
    await restore(streams, async (services) => {
      const names = services.map(({ service }) => service)
      await walk.to(names)
      await walk.waitFor(names)
    })
  }
  const checked = await runChecks(copy, streams, walk, ctx)
  return [
    ...trees.map((part) => ({ part, proof: 'same digest' as const })),
    ...streams.map((part) => ({ part, proof: checked.has(part) ? ('checked' as const) : ('loaded' as const) })),
  ]
}

/** Reads the restored files and compares them with what the snapshot says they were. */
async function compare(copy: Stack, id: PartId, manifest: SnapshotManifest, ctx: Context): Promise<void> {
  const wanted = manifest.parts.find(({ part }) => part === id)?.tree
  const part = copy.scope.find((one): one is TreePart => one.id === id && one.kind === 'tree')
  if (wanted === undefined || part === undefined) return
  ctx.onProgress({ type: 'phase', phase: 'compare', message: `comparing ${id}` })
  const exclude = part.exclude.map(({ path }) => path)
  const { summary } = await copy.trees.summarize(copy.trees.source(join(copy.place.base, part.path), exclude), ctx)
  if (summary.digest === wanted.digest) return
  throw new AngeeError('DRILL_FAILED', `${id} came back with the digest ${summary.digest}, not ${wanted.digest}`, {
    hint: 'Verify the snapshot: angee stack backup verify. If it is whole, this is a fault in angee.',
    context: { part: id },
  })
}

/** Every declared check of the services that were loaded, once they are healthy. */
async function runChecks(
  copy: Stack,
  streams: readonly PartId[],
  walk: ReturnType<typeof walkOf>,
  ctx: Context,
): Promise<Set<PartId>> {
  const checked = new Set<PartId>()
  for (const part of copy.scope) {
    if (part.kind !== 'stream' || !streams.includes(part.id)) continue
    await walk.waitFor([part.service])
    if (part.hook.check === undefined) continue
    ctx.onProgress({ type: 'phase', phase: 'check', message: `running the check of ${part.service}` })
    await runHook(copy, part, 'check', part.hook.check, {}, ctx)
    checked.add(part.id)
  }
  return checked
}

/** Takes the throw-away stack down with its volumes, and removes its files. */
async function endDrill(stack: Stack, at: DrillRoot, effects: DrillEffects, ctx: Context): Promise<void> {
  if ((await stack.files.facts(join(at.root, 'angee.yaml'))) !== undefined) {
    await using copy = await effects.openStack(at.root, ctx)
    for (const kind of copy.runtimes.kinds) await (await copy.runtimes.get(kind)).down({ volumes: true }, ctx)
  }
  await stack.trees.remove(at.directory)
}
