import { Readable } from 'node:stream'
import type { Context, EmptyDirectory, TarOfTree, TreeSource, TreeSummary, TreeTools, Warning } from '@angee/core'
import { captureBlocks } from './capture-stream.ts'
import { extractBlocks } from './extract-stream.ts'
import { isUnchanged, toRemember } from './memory/remember.ts'
import { removeTree } from './remove.ts'
import { startTreeThread, stopOnAbort } from './thread.ts'

/** Trees as core wants them done. The part of a warning is filled in by whoever knows it. */
export const treeTools: TreeTools = {
  source: (directory, exclude, known = {}): TreeSource => {
    const place = { directory, exclude, ...known }
    return { ...place, unchanged: (ctx) => isUnchanged(place, ctx), toTar: (ctx) => toTar(place, ctx) }
  },
  summarize,
  extract,
  remove: async (directory) => removeTree(directory),
}

function toTar(source: Pick<TreeSource, 'directory' | 'exclude' | 'memory'>, ctx: Context): TarOfTree {
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
  const { directory, exclude, memory } = source
  const remember = await toRemember(source, ctx)
  // Where times are not to be trusted now, what they were does not matter.
  const last = remember && memory?.last
  const task = { task: 'summarize' as const, directory, exclude, remember, last }
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
