import { Readable } from 'node:stream'
import type { Context, PartId, ProgressEvent, PutResult, SnapshotWriter } from '../contract/index.ts'
import { AngeeError, toAngeeError } from '../errors/index.ts'
import { dumpStream } from '../hooks/index.ts'
import type { StreamPart } from '../scope/index.ts'
import type { Stack } from '../stack/index.ts'
import type { recallTree } from './memory.ts'
import { type SnapshotPlan, stagingName } from './preflight.ts'
import { sealedSecrets } from './secrets.ts'

export interface Captured extends PutResult {
  part: PartId
}
export interface CaptureFailure {
  part: PartId
  error: AngeeError
}

type Capture = { part: PartId; run: (ctx: Context) => Promise<PutResult> }

/** More at once than this only makes parts wait for the same disk and the same cores. */
const partsAtOnce = 4

/** The captures of a plan: first those that need their service running, then those of files and of services as they are. */
export function capturesOf(
  stack: Stack,
  plan: SnapshotPlan,
  writer: SnapshotWriter,
  recall: (part: PartId, ctx: Context) => ReturnType<typeof recallTree>,
): { running: Capture[]; quiet: Capture[] } {
  const streams = plan.streams.map((part) => ({
    quiesces: part.hook.quiesce !== 'none',
    capture: { part: part.id, run: (ctx: Context) => captureStream(stack, part, writer, ctx) },
  }))
  const trees = plan.trees.map(({ part, directory }) => ({
    part: part.id,
    run: async (ctx: Context) => {
      const exclude = [...part.exclude.map(({ path }) => path), stagingName]
      return writer.putTree(part.id, stack.trees.source(directory, exclude, await recall(part.id, ctx)), ctx)
    },
  }))
  const { secrets } = plan
  const secretsFile = secrets && {
    part: secrets.id,
    run: async (ctx: Context) => {
      const bytes = await sealedSecrets(stack, secrets)
      return writer.putStream(secrets.id, () => Readable.from([bytes], { objectMode: false }), ctx)
    },
  }
  return {
    running: streams.filter(({ quiesces }) => quiesces).map(({ capture }) => capture),
    quiet: [
      ...streams.filter(({ quiesces }) => !quiesces).map(({ capture }) => capture),
      ...trees,
      ...(secretsFile ? [secretsFile] : []),
    ],
  }
}

/**
 * Runs captures at once, bounded in number. When one fails the others are stopped, unless `allowPartial`.
 * Resolves only when none is running any more.
 */
export async function captureAll(
  captures: readonly Capture[],
  allowPartial: boolean,
  ctx: Context,
): Promise<{ captured: Captured[]; failures: CaptureFailure[] }> {
  const captured: Captured[] = []
  const failures: CaptureFailure[] = []
  const stopped = new AbortController()
  const signal = AbortSignal.any([ctx.signal, stopped.signal])
  const waiting = [...captures]
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next && !signal.aborted; next = waiting.shift()) {
      const { part } = next
      ctx.onProgress({ type: 'part', part, state: 'started', bytes: 0 })
      let said: { message?: string } = {}
      const onProgress = (event: ProgressEvent): void => {
        if (event.type === 'part' && event.message !== undefined) said = { message: event.message }
        ctx.onProgress(event)
      }
      try {
        const result = await next.run({ ...ctx, signal, onProgress })
        captured.push({ part, ...result })
        for (const warning of result.warnings) ctx.onProgress({ type: 'warning', warning })
        ctx.onProgress({ type: 'part', part, state: 'done', bytes: result.stored.raw.bytes, ...said })
      } catch (error) {
        const failure = { part, error: toAngeeError(error, 'PART_FAILED', `${part} could not be captured`) }
        if (failures.length === 0 || allowPartial) failures.push(failure)
        ctx.onProgress({ type: 'part', part, state: 'failed', bytes: 0, message: failure.error.message })
        if (!allowPartial) stopped.abort(new AngeeError('PART_FAILED', `stopped because ${part} failed`))
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(partsAtOnce, captures.length) }, worker))
  ctx.signal.throwIfAborted()
  return { captured, failures }
}

async function captureStream(stack: Stack, part: StreamPart, writer: SnapshotWriter, ctx: Context): Promise<PutResult> {
  let dumped = 0
  const onBytes = (bytes: number): void => {
    dumped = bytes
    ctx.onProgress({ type: 'part', part: part.id, state: 'progress', bytes })
  }
  let dump: ReturnType<typeof dumpStream> | undefined
  try {
    const result = await writer.putStream(
      part.id,
      () => {
        dump = dumpStream(stack, part, onBytes, ctx)
        return dump.output
      },
      ctx,
    )
    if (result.stored.raw.bytes !== dumped) throw shortStore(part, dumped, result.stored.raw.bytes)
    return result
  } finally {
    dump?.output.destroy()
    await dump?.ended
  }
}

function shortStore(part: StreamPart, dumped: number, stored: number): AngeeError {
  return new AngeeError('PART_FAILED', `${part.id}: the dump wrote ${dumped} bytes and the backend stored ${stored}`, {
    hint: 'The backend lost bytes. Check its disk and run again.',
    context: { part: part.id, dumped, stored },
    retry: 'later',
  })
}
