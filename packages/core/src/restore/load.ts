import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import type { Context } from '../contract/index.ts'
import { runHook } from '../hooks/index.ts'
import type { Journal } from '../journal/index.ts'
import type { StreamPart } from '../scope/index.ts'
import type { Stack } from '../stack/index.ts'
import { fetchStream, verified } from './fetch-stream.ts'
import type { RestoreJournal } from './journal-entry.ts'
import type { RestorePlan, RestoreRequest } from './plan.ts'
import { startForHooks } from './services.ts'
import type { Staged } from './stage.ts'

/** Starts the hooked services and streams each dump, staged or straight, into its restore hook, one after the other. */
export async function loadDumps(
  stack: Stack,
  { streams, manifest }: Pick<RestorePlan, 'streams' | 'manifest'>,
  staged: Staged,
  journal: Journal<RestoreJournal>,
  request: Pick<RestoreRequest, 'bringUp' | 'from'>,
  ctx: Context,
): Promise<void> {
  await startForHooks(
    stack,
    streams.map(({ part }) => part),
    journal,
    request,
    ctx,
  )
  const backend = request.from ?? stack.backend
  for (const { part, stored } of streams) {
    await journal.write({ loading: [...journal.entry.loading, part.id] })
    const facts = { part: part.id, totalBytes: stored.raw.bytes }
    ctx.onProgress({ type: 'note', message: `running the restore hook of ${part.service}` })
    ctx.onProgress({ type: 'part', ...facts, state: 'started', bytes: 0 })
    const at = staged.streams.find((one) => one.part.id === part.id)
    if (at) {
      await loadDump(stack, part, verified(createReadStream(at.file, { highWaterMark: 1 << 20 }), stored, ctx), ctx)
    } else {
      await using reader = await backend.reader(manifest.id, ctx)
      await loadDump(stack, part, await fetchStream(reader, stored, ctx), ctx)
    }
    ctx.onProgress({ type: 'part', ...facts, state: 'done', bytes: stored.raw.bytes })
  }
}

/** Streams one dump into the restore hook of its service. The exit code decides. */
export async function loadDump(stack: Stack, part: StreamPart, dump: Readable, ctx: Context): Promise<void> {
  try {
    await runHook(stack, part, 'restore', part.hook.restore, { stdin: dump }, ctx)
  } finally {
    dump.destroy()
  }
}
