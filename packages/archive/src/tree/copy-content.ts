import type { Buffer } from 'node:buffer'
import { readSync } from 'node:fs'
import { type Entry, padded, zeroBlocks } from '../tar/format.ts'
import { type BlockSink, write } from './block-sink.ts'
import { contentDigest, contentDigestOf } from './content-digest.ts'

/** Writes exactly what the header announces: a file that shrank is padded with zeros, what grew is left out. */
export function copyContent(descriptor: number, entry: Entry, sink: BlockSink): { content: string; short: boolean } {
  const room = sink.room()
  if (entry.segments === undefined && entry.size <= room.length) {
    const read = readWhole(descriptor, room, entry.size)
    room.fill(0, read, entry.size)
    const content = contentDigestOf(room.subarray(0, entry.size))
    sink.filled(entry.size)
    pad(sink, entry.size)
    return { content, short: read < entry.size }
  }
  const digest = contentDigest(entry.size)
  let short = false
  let position = 0
  for (const [start, end] of entry.segments ?? [[0, entry.size] as const]) {
    digest.hole(start - position)
    for (position = start; position < end; ) {
      const target = sink.room()
      const wanted = Math.min(target.length, end - position)
      const read = readSync(descriptor, target, 0, wanted, position)
      if (read === 0) {
        short = true
        target.fill(0, 0, wanted)
      }
      const got = read === 0 ? wanted : read
      digest.update(target.subarray(0, got))
      sink.filled(got)
      position += got
    }
  }
  digest.hole(entry.size - position)
  pad(
    sink,
    (entry.segments ?? [[0, entry.size]]).reduce((total, [start, end]) => total + end - start, 0),
  )
  return { content: digest.hex(), short }
}

function readWhole(descriptor: number, target: Buffer, size: number): number {
  let filled = 0
  while (filled < size) {
    const read = readSync(descriptor, target, filled, size - filled, filled)
    if (read === 0) break
    filled += read
  }
  return filled
}

function pad(sink: BlockSink, written: number): void {
  write(sink, zeroBlocks.subarray(0, padded(written) - written))
}
