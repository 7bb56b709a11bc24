import { hostname } from 'node:os'
import { putRecord, recordOf } from '../catalog/index.ts'
import { type Context, type SnapshotDraft, type SnapshotManifest, snapshotFormat } from '../contract/index.ts'
import { AngeeError } from '../errors/index.ts'
import { type Journal, openJournal } from '../journal/index.ts'
import type { Stack } from '../stack/index.ts'
import { type Captured, type CaptureFailure, captureAll, capturesOf } from './capture.ts'
import type { SnapshotJournal } from './journal-entry.ts'
import { keepMemories, recallTree, type UnchangedPart } from './memory.ts'
import { planSnapshot, type SnapshotPlan, type WantedParts } from './preflight.ts'
import { quiesce, release, runBefore } from './quiesce.ts'

export interface SnapshotRequest extends WantedParts {
  /** The id the snapshot is to have: a ULID that no other has. A new one when absent. */
  id?: string
  /** `manual` when absent. */
  purpose?: 'manual' | 'schedule'
  name?: string
  labels?: Record<string, string>
  /** Keep what could be captured when a part fails, as a `partial` snapshot. */
  allowPartial?: boolean
  /** False: read every file again, also where nothing seems to have changed. */
  reuse?: boolean
}

export interface SnapshotResult {
  manifest: SnapshotManifest
  failures: CaptureFailure[]
  /** Trees that are what the last complete snapshot held. */
  unchanged: UnchangedPart[]
}

/** The algorithm of DESIGN, step by step, for a caller that holds the stack's lock. `id` is the snapshot's to be. */
export async function snapshotLocked(
  stack: Stack,
  id: string,
  purpose: SnapshotManifest['purpose'],
  request: SnapshotRequest,
  ctx: Context,
): Promise<SnapshotResult> {
  const createdAt = new Date(ctx.clock.now()).toISOString()
  ctx.onProgress({ type: 'phase', phase: 'preflight', message: 'checking the stack and the backend' })
  const plan = await planSnapshot(stack, request, ctx)

  const entry: SnapshotJournal = { type: 'snapshot', startedAt: createdAt, owedAfter: [], quiesced: [] }
  const journal = await openJournal(stack.store, id, entry)
  const draft = { id, createdAt, stack: { name: stack.name, root: stack.place.root, host: hostname() } }
  try {
    const result = await captureAndCommit(stack, draft, purpose, request, plan, journal, ctx)
    await journal.close()
    return result
  } catch (error) {
    // What could not be brought back stays in the journal: the next command tries again.
    if (journal.entry.owedAfter.length + journal.entry.quiesced.length === 0) await journal.close()
    throw error
  }
}

async function captureAndCommit(
  stack: Stack,
  draft: SnapshotDraft,
  purpose: SnapshotManifest['purpose'],
  request: SnapshotRequest,
  plan: SnapshotPlan,
  journal: Journal<SnapshotJournal>,
  ctx: Context,
): Promise<SnapshotResult> {
  await using writer = await stack.backend.begin(draft, ctx)
  const { running, quiet } = capturesOf(stack, plan, writer, (part, own) =>
    recallTree(stack, part, draft.id, request.reuse !== false, own),
  )
  const allowPartial = request.allowPartial === true
  const outcome: { captured: Captured[]; failures: CaptureFailure[] } = { captured: [], failures: [] }
  let problems: Error[] = []
  try {
    ctx.onProgress({
      type: 'phase',
      phase: 'capture',
      message: `capturing ${counted(running.length + quiet.length, 'part')}`,
    })
    await runBefore(stack, plan.streams, journal, ctx)
    merge(outcome, await captureAll(running, allowPartial, ctx))
    stopAtFailure(outcome, allowPartial)
    await quiesce(stack, plan.streams, journal, ctx)
    merge(outcome, await captureAll(quiet, allowPartial, ctx))
    stopAtFailure(outcome, allowPartial)
  } finally {
    // Also when the caller gave up: a service must never stay frozen because its backup was cancelled.
    problems = await release(stack, journal.entry, { ...ctx, signal: new AbortController().signal })
    if (problems.length === 0) await journal.write({ owedAfter: [], quiesced: [] })
  }
  if (problems[0]) throw notReleased(problems)

  ctx.onProgress({ type: 'phase', phase: 'commit', message: 'writing the manifest' })
  const manifest = manifestOf(stack, draft, purpose, request, plan, outcome, ctx)
  await writer.commit(manifest, ctx)
  await catalogSnapshot(stack, manifest)
  return { manifest, failures: outcome.failures, unchanged: await keepMemories(stack, manifest, ctx) }
}

/** Puts the catalog record of a committed snapshot. A safety snapshot is pinned until a newer one exists. */
export function catalogSnapshot(stack: Stack, manifest: SnapshotManifest): Promise<void> {
  const pinned = manifest.purpose === 'safety' ? { pinned: true } : {}
  return putRecord(stack.store, { ...recordOf(manifest, stack.backend.location), ...pinned })
}

function counted(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`
}

function merge<Item, Failure>(
  all: { captured: Item[]; failures: Failure[] },
  some: { captured: Item[]; failures: Failure[] },
): void {
  all.captured.push(...some.captured)
  all.failures.push(...some.failures)
}

function stopAtFailure(
  { captured, failures }: { captured: Captured[]; failures: CaptureFailure[] },
  allowPartial: boolean,
): void {
  const first = failures[0]
  if (first && (!allowPartial || captured.length === 0)) throw first.error
}

function manifestOf(
  stack: Stack,
  draft: SnapshotDraft,
  purpose: SnapshotManifest['purpose'],
  { name, labels = {} }: SnapshotRequest,
  plan: SnapshotPlan,
  { captured, failures }: { captured: Captured[]; failures: CaptureFailure[] },
  ctx: Context,
): SnapshotManifest {
  const missing = [
    ...failures.map(({ part, error }) => ({ part, message: error.message })),
    ...plan.unwanted.map(({ id }) => ({ part: id, message: 'not asked for' })),
  ]
  const order = stack.scope.map(({ id }) => id)
  const parts = captured.map(({ stored }) => stored).sort((a, b) => order.indexOf(a.part) - order.indexOf(b.part))
  return {
    format: snapshotFormat,
    ...draft,
    ...(name === undefined ? {} : { name }),
    labels,
    finishedAt: new Date(ctx.clock.now()).toISOString(),
    status: missing.length === 0 ? 'complete' : 'partial',
    purpose,
    tool: stack.tool,
    parts,
    missing,
    excluded: plan.excluded,
    ...(plan.secrets === undefined ? {} : { includesSecrets: true }),
    warnings: captured.flatMap(({ warnings }) => warnings),
  }
}

function notReleased(problems: Error[]): AngeeError {
  return new AngeeError(
    'SNAPSHOT_FAILED',
    `the services could not be brought back: ${problems.map(({ message }) => message).join('; ')}`,
    {
      hint: 'Nothing was stored. The next backup or restore tries again to bring them back; start them by hand if it is urgent.',
      cause: problems[0],
      retry: 'later',
    },
  )
}
