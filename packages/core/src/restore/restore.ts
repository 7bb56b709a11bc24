import { dirname } from 'node:path'
import type { BackupBackend, Context, PartId, SnapshotManifest } from '../contract/index.ts'
import { AngeeError, toAngeeError } from '../errors/index.ts'
import type { Journal } from '../journal/index.ts'
import { newSnapshotId } from '../snapshot/id.ts'
import { snapshotLocked } from '../snapshot/snapshot.ts'
import type { Stack } from '../stack/index.ts'
import { finishRestore } from './finish.ts'
import type { RestoreJournal } from './journal-entry.ts'
import { loadDumps } from './load.ts'
import type { RestorePlan, RestoreRequest } from './plan.ts'
import { asFound, startForHooks, stopAll } from './services.ts'
import { type Staged, stageAll, stagingAreas, stagingRoots } from './stage.ts'
import { moveIn, moveOut, setAll } from './swap.ts'
import { planSwap } from './swap-plan.ts'
import { attributesAround } from './tidy.ts'

/** The algorithm of DESIGN, step by step. Each phase is in the journal before it begins. */
export async function replaceParts(
  stack: Stack,
  plan: RestorePlan,
  request: RestoreRequest,
  operation: string,
  journal: Journal<RestoreJournal>,
  ctx: Context,
): Promise<SnapshotManifest | undefined> {
  const staged = await stagingAreas(stack, plan, operation)
  await fetchAll(stack, request.from ?? stack.backend, plan, staged, ctx)
  // Staging inside a mounted entry shows in the times of that directory: the safety snapshot shall not hold them.
  await setAll(stack.files, journal.entry.around)

  await journal.write({ phase: 'safety' })
  const safety = await takeSafetySnapshot(stack, plan, request, journal, ctx)

  const swap = await planSwap(stack.files, staged.trees, stack.place.stateDirectory)
  await journal.write({ phase: 'stopping', swap })
  if (staged.trees.length > 0) {
    ctx.onProgress({
      type: 'phase',
      phase: 'swap',
      message: plan.stops.length > 0 ? 'stopping services and swapping files' : 'swapping files',
    })
    await stopAll(stack, ctx)
    await journal.write({ phase: 'out' })
    await moveOut(stack.files, swap)
    await journal.write({ phase: 'in' })
    await moveIn(stack.files, swap)
  }

  await journal.write({ phase: 'loading' })
  if (plan.streams.length > 0) {
    ctx.onProgress({ type: 'phase', phase: 'load', message: 'loading dumps into services' })
    await loadDumps(stack, plan, staged, journal, request, ctx)
    await setAll(stack.files, swap.after)
  }
  ctx.signal.throwIfAborted()
  await journal.write({ phase: 'starting' })
  ctx.onProgress({ type: 'phase', phase: 'start', message: 'bringing services back' })
  await asFound(stack, request.bringUp ? { ...journal.entry, started: [] } : journal.entry, ctx)
  // The old trees go next: by then the new ones must not live in memory alone.
  for (const { part, target } of staged.trees) {
    await stack.files.syncFileSystem(part.kind === 'file' ? dirname(target) : target)
  }
  await journal.write({ phase: 'cleaning' })
  await finishRestore(stack, journal, ctx)
  return safety
}

async function fetchAll(
  stack: Stack,
  backend: BackupBackend,
  plan: RestorePlan,
  staged: Staged,
  ctx: Context,
): Promise<void> {
  const parts = staged.trees.length + staged.streams.length
  if (parts === 0) return
  ctx.onProgress({
    type: 'phase',
    phase: 'stage',
    message: `fetching and verifying ${parts === 1 ? '1 part' : `${parts} parts`}`,
  })
  await using reader = await backend.reader(plan.manifest.id, ctx)
  await stageAll(stack, staged, reader, ctx)
}

/** The journal of a restore before its first step. */
export async function firstEntry(
  stack: Stack,
  plan: RestorePlan,
  operation: string,
  ctx: Context,
): Promise<RestoreJournal> {
  const inState = (state: string) =>
    plan.services.filter((one) => one.state === state).map(({ service, kind }) => ({ service, kind }))
  const replaced = [...plan.trees, ...plan.streams]
  const staging = stagingRoots(await stagingAreas(stack, plan, operation))
  return {
    type: 'restore',
    startedAt: new Date(ctx.clock.now()).toISOString(),
    snapshot: plan.manifest.id,
    phase: 'staging',
    undoing: false,
    running: inState('running'),
    paused: inState('paused'),
    started: [],
    safety: null,
    emptyBefore: replaced.filter(({ empty }) => empty).map(({ part }): PartId => part.id),
    swap: null,
    loading: [],
    staging,
    around: await attributesAround(stack.files, staging),
  }
}

/** Saves what is about to be replaced, unless it is nothing. A restore without a way back does not begin. */
async function takeSafetySnapshot(
  stack: Stack,
  plan: RestorePlan,
  request: RestoreRequest,
  journal: Journal<RestoreJournal>,
  ctx: Context,
): Promise<SnapshotManifest | undefined> {
  const only = [...plan.trees, ...plan.streams].filter(({ empty }) => !empty).map(({ part }) => part.id)
  if (request.withoutSafety === true || only.length === 0) return undefined
  ctx.onProgress({ type: 'phase', phase: 'safety', message: 'taking a safety snapshot of what will be replaced' })
  try {
    await startForHooks(
      stack,
      plan.streams.filter(({ empty }) => !empty).map(({ part }) => part),
      journal,
      request,
      ctx,
    )
    const id = newSnapshotId(ctx.clock, ctx.random)
    const { manifest } = await snapshotLocked(
      stack,
      id,
      'safety',
      { only, includeSecrets: only.includes('secrets/file'), labels: { before: plan.manifest.id } },
      ctx,
    )
    await journal.write({ safety: id })
    return manifest
  } catch (error) {
    ctx.signal.throwIfAborted()
    const cause = toAngeeError(error)
    throw new AngeeError('SAFETY_SNAPSHOT_FAILED', `the safety snapshot failed: ${cause.message}`, {
      hint: `${cause.hint ?? ''} Or restore without a way back: --no-safety.`.trim(),
      context: { cause: cause.code },
      cause,
    })
  }
}
