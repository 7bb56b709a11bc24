import { Buffer } from 'node:buffer'
import { parentPort, workerData } from 'node:worker_threads'
import { AngeeError, toAngeeError } from '@angee/core/errors'
import type { BlockSink } from './block-sink.ts'
import { captureTree } from './capture.ts'
import { extractTree, type PieceSource } from './extract.ts'
import type { TreeMessage, TreeTask } from './messages.ts'
import { blockBytes, openRing, type Ring } from './ring.ts'

/* The tree thread: does one task with synchronous calls, so that fifty thousand small files cost no event loop turns. */

const task = workerData as TreeTask
const ring = openRing(task.ring)
let rawBytes = 0
let entries = 0

try {
  const { summary, warnings } = run()
  say({ type: 'done', summary, warnings })
} catch (error) {
  const { code, message, hint, context } = toAngeeError(error)
  say({ type: 'failed', error: { code, message, hint, context } })
}

function run(): Pick<Extract<TreeMessage, { type: 'done' }>, 'summary' | 'warnings'> {
  if (task.task === 'capture') return captureTree(task.directory, task.exclude, ringSink(ring))
  if (task.task === 'summarize') return captureTree(task.directory, task.exclude, discardingSink())
  return extractTree(ringSource(ring), task.into, task.mostBytes)
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

/** Takes everything and keeps nothing: for the summary of a tree alone. */
function discardingSink(): BlockSink {
  const block = Buffer.alloc(blockBytes)
  let used = 0
  return {
    room: () => {
      if (used === blockBytes) used = 0
      return block.subarray(used)
    },
    filled: (bytes) => {
      used += bytes
      rawBytes += bytes
    },
    flush: () => {
      used = 0
    },
    mark: () => used,
    rewind: (mark) => {
      used = mark
    },
    progress: (total) => {
      entries = total
      say({ type: 'progress', entries, bytes: rawBytes })
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
