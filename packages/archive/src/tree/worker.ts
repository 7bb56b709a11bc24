import { Buffer } from 'node:buffer'
import { parentPort, workerData } from 'node:worker_threads'
import { AngeeError, toAngeeError } from '@angee/core/errors'
import { type BlockSink, discardingSink } from './block-sink.ts'
import { captureTree } from './capture.ts'
import { extractTree, type PieceSource } from './extract.ts'
import { isAsRemembered, type Known, openKnown } from './memory/compare.ts'
import { memoryWriter } from './memory/write.ts'
import type { ResultOf, TreeMessage, TreeOutcome, TreeTask } from './messages.ts'
import { blockBytes, openRing, type Ring } from './ring.ts'

/* The tree thread: does one task with synchronous calls, so that fifty thousand small files cost no event loop turns. */

const task = workerData as TreeTask
let rawBytes = 0
let entries = 0

try {
  say({ type: 'done', result: run() })
} catch (error) {
  const { code, message, hint, context } = toAngeeError(error)
  say({ type: 'failed', error: { code, message, hint, context } })
}

function run(): ResultOf<TreeTask> {
  if (task.task === 'extract') return extractTree(ringSource(openRing(task.ring)), task.into, task.mostBytes)
  const { directory, exclude } = task
  if (task.task === 'compare') return isAsRemembered(task.last, directory, exclude, task.treeDigest)
  if (task.task === 'capture') return remembering(task, ringSink(openRing(task.ring)), undefined)
  using known = openKnown(task.last, directory, exclude)
  return remembering(task, discardingSink(), known)
}

/** Reads a tree. Of one that stood still the entries are remembered. */
function remembering(
  { directory, exclude, remember }: Extract<TreeTask, { remember: unknown }>,
  sink: BlockSink,
  known: Known | undefined,
): TreeOutcome {
  const memory = remember && memoryWriter(remember, directory, exclude)
  try {
    const capture = captureTree(directory, exclude, sink, { memory, known })
    if (capture.warnings.length === 0) memory?.keep(capture.summary.digest)
    return capture
  } finally {
    memory?.drop()
  }
}

function say(message: TreeMessage): void {
  parentPort?.postMessage(message)
}

function ringSink(target: Ring): BlockSink {
  let index = 0
  let used = 0
  target.waitToFill(0)
  const handOn = (): void => {
    rawBytes += used
    target.fill(index, used)
    say({ type: 'filled', index })
    // Also between entries: one file may be all there is.
    say({ type: 'progress', entries, bytes: rawBytes })
    index++
    used = 0
    target.waitToFill(index)
  }
  return {
    room: () => {
      if (used === blockBytes) handOn()
      return target.block(index).subarray(used)
    },
    filled: (bytes) => {
      used += bytes
    },
    flush: () => {
      if (used > 0) handOn()
    },
    mark: () => used,
    rewind: (mark) => {
      used = mark
    },
    progress: (total) => {
      entries = total
      say({ type: 'progress', entries, bytes: rawBytes + used })
    },
  }
}

function ringSource(from: Ring): PieceSource {
  let index = -1
  let piece: Buffer = Buffer.alloc(0)
  const next = (): boolean => {
    if (index >= 0) {
      from.release(index)
      say({ type: 'released', index })
    }
    const block = from.waitFilled(index + 1)
    if (!block) return false
    index++
    rawBytes += block.length
    say({ type: 'progress', entries, bytes: rawBytes })
    piece = block
    return true
  }
  const some = (bytes: number): Buffer => {
    while (piece.length === 0) if (!next()) throw cut()
    const taken = piece.subarray(0, bytes)
    piece = piece.subarray(taken.length)
    return taken
  }
  const take = (bytes: number): Buffer => {
    if (bytes === 0) return piece.subarray(0, 0)
    const taken = some(bytes)
    if (taken.length === bytes) return taken
    const whole = Buffer.alloc(bytes)
    let at = taken.copy(whole)
    while (at < bytes) at += some(bytes - at).copy(whole, at)
    return whole
  }
  return {
    some,
    take,
    end: () => {
      while (piece.length === 0) if (!next()) return
      throw new AngeeError('ARCHIVE_CORRUPT', 'the archive goes on after its end', {
        hint: 'Verify the snapshot and choose another one.',
      })
    },
    progress: (total) => {
      entries = total
      say({ type: 'progress', entries, bytes: rawBytes })
    },
  }
}

function cut(): AngeeError {
  return new AngeeError('ARCHIVE_CORRUPT', 'the archive ends before its end', {
    hint: 'Verify the snapshot and choose another one.',
  })
}
