import { Buffer } from 'node:buffer'
import { blockBytes } from './ring.ts'

/** Where the archive goes: fixed blocks that are filled in place, so that file content is read straight into them. */
export interface BlockSink {
  /** Unfilled rest of the current block; never empty. */
  room(): Buffer
  /** Counts `bytes` of the room as filled; a full block is handed on. */
  filled(bytes: number): void
  /** Hands the current block on as it is, so that the next one is empty. */
  flush(): void
  /** A position in the current block to return to with `rewind`; void once the block is handed on. */
  mark(): number
  rewind(mark: number): void
  /** Bytes filled so far, for progress. */
  progress(entries: number): void
}

/** Copies `bytes` into as many blocks as they need. */
export function write(sink: BlockSink, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) {
    const room = sink.room()
    const copied = bytes.copy(room, 0, at)
    sink.filled(copied)
    at += copied
  }
}

/** Takes everything and keeps nothing: for the summary of a tree alone. */
export function discardingSink(): BlockSink {
  const block = Buffer.alloc(blockBytes)
  let used = 0
  return {
    room: () => {
      if (used === blockBytes) used = 0
      return block.subarray(used)
    },
    filled: (bytes) => {
      used += bytes
    },
    flush: () => {
      used = 0
    },
    mark: () => used,
    rewind: (mark) => {
      used = mark
    },
    progress: () => undefined,
  }
}
