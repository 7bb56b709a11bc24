import { Readable } from 'node:stream'
import type { Context, EmptyDirectory, TarOfTree, TreeSource, TreeSummary, TreeTools, Warning } from '@angee/core'
import { captureBlocks } from './capture-stream.ts'
import { extractBlocks } from './extract-stream.ts'
import { removeTree } from './remove.ts'
import { makeRing } from './ring.ts'
import { startTreeThread, stopOnAbort } from './thread.ts'

/** Trees as core wants them done. The part of a warning is filled in by whoever knows it. */
export const treeTools: TreeTools = {
  source: (directory, exclude): TreeSource => ({
    directory,
    exclude,
    unchanged: async () => false,
    toTar: (ctx) => toTar({ directory, exclude }, ctx),
  }),
  summarize,
  extract,
  remove: async (directory) => removeTree(directory),
}

function toTar(source: Pick<TreeSource, 'directory' | 'exclude'>, ctx: Context): TarOfTree {
  const { blocks, outcome } = captureBlocks(source, () => undefined, ctx)
  async function* copies(): AsyncGenerator<Buffer> {
    // A reader may keep what it was given; the block is filled again.
    for await (const { bytes, release } of blocks) {
      const copy = Buffer.from(bytes)
      release()
      yield copy
    }
  }
  const result = outcome.then(({ summary, warnings }) => ({ summary, warnings: withPart(warnings, '') }))
  result.catch(() => undefined)
  return { stream: Readable.from(copies(), { objectMode: false, signal: ctx.signal }), result }
}

async function summarize(source: TreeSource, ctx: Context): Promise<{ summary: TreeSummary; warnings: Warning[] }> {
  const task = { task: 'summarize' as const, ring: makeRing(), directory: source.directory, exclude: source.exclude }
  const thread = startTreeThread(task, () => undefined)
  const offAbort = stopOnAbort(ctx, () => void thread.stop())
  try {
    const { summary, warnings } = await thread.outcome
    return { summary, warnings: withPart(warnings, '') }
  } catch (error) {
    ctx.signal.throwIfAborted()
    throw error
  } finally {
    offAbort()
    await thread.stop()
  }
}

async function extract(tar: Readable, into: EmptyDirectory, ctx: Context): Promise<TreeSummary> {
  const { summary, warnings } = await extractBlocks(
    tar as AsyncIterable<Buffer>,
    into,
    Number.MAX_SAFE_INTEGER,
    () => undefined,
    ctx,
  )
  for (const warning of withPart(warnings, '')) ctx.onProgress({ type: 'warning', warning })
  return summary
}

export function withPart(warnings: readonly Omit<Warning, 'part'>[], part: string): Warning[] {
  return warnings.map((warning) => ({ part, ...warning }))
}
