import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import type { Context } from '../contract/index.ts'
import { runHook } from '../hooks/index.ts'
import type { Journal } from '../journal/index.ts'
import type { StreamPart } from '../scope/index.ts'
import type { Stack } from '../stack/index.ts'
import type { RestoreJournal } from './journal-entry.ts'
import type { RestoreRequest } from './plan.ts'
import { startForHooks } from './services.ts'
import type { StagedStream } from './stage.ts'

/** Starts the hooked services and streams each staged dump into its restore hook, one after the other. */
export async function loadDumps(
  stack: Stack,
  streams: readonly StagedStream[],
  journal: Journal<RestoreJournal>,
  request: Pick<RestoreRequest, 'bringUp'>,
  ctx: Context,
): Promise<void> {
  await startForHooks(
    stack,
    streams.map(({ part }) => part),
    journal,
    request,
    ctx,
  )
  for (const { part, file } of streams) {
    await journal.write({ loading: [...journal.entry.loading, part.id] })
    ctx.onProgress({ type: 'note', message: `running the restore hook of ${part.service}` })
    await loadDump(stack, part, createReadStream(file, { highWaterMark: 1 << 20 }), ctx)
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
