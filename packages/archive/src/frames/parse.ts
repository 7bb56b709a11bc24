import { Buffer } from 'node:buffer'
import { AngeeError } from '@angee/core/errors'

/*
 * Cuts a stream of concatenated zstd frames at the frame boundaries by walking their headers (RFC 8878, 3.1), so that
 * frames can be decompressed side by side.
 */

const magic = 0xfd2fb528
/** A frame of one block of ours is hardly larger than the block; anything far beyond is not ours. */
const largestFrame = 8 << 20

/** Whole frames in order; skippable frames are left out. ARCHIVE_CORRUPT when the stream ends inside one. */
export async function* splitFrames(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let pieces: Buffer[] = []
  let held = 0
  let wanted = 5
  for await (const piece of stream) {
    pieces.push(piece)
    held += piece.length
    if (held < wanted) continue
    let bytes = pieces.length === 1 ? piece : Buffer.concat(pieces)
    for (;;) {
      const size = frameSize(bytes)
      if (size === undefined || size > bytes.length) {
        // Joining again only when there is at least as much more keeps the copying linear.
        wanted = size ?? bytes.length * 2
        break
      }
      if (bytes.readUInt32LE(0) === magic) yield bytes.subarray(0, size)
      bytes = bytes.subarray(size)
    }
    if (bytes.length > largestFrame * 2) throw corrupt('a frame is larger than any angee writes')
    wanted = Math.max(wanted, 5)
    pieces = bytes.length === 0 ? [] : [bytes]
    held = bytes.length
  }
  let rest = Buffer.concat(pieces)
  while (rest.length > 0) {
    const size = frameSize(rest)
    if (size === undefined || size > rest.length) throw corrupt('it ends in the middle of a frame')
    if (rest.readUInt32LE(0) === magic) yield rest.subarray(0, size)
    rest = rest.subarray(size)
  }
}

/** Bytes of the frame that begins here, or undefined when more bytes are needed to tell. */
export function frameSize(bytes: Buffer): number | undefined {
  if (bytes.length < 8) return undefined
  const start = bytes.readUInt32LE(0)
  if (start >= 0x184d2a50 && start <= 0x184d2a5f) return 8 + bytes.readUInt32LE(4)
  if (start !== magic) throw corrupt('there is no zstd frame where one should begin')
  const descriptor = bytes[4] ?? 0
  const singleSegment = (descriptor >> 5) & 1
  const dictionary = [0, 1, 2, 4][descriptor & 3] ?? 0
  const contentSize = [singleSegment, 2, 4, 8][descriptor >> 6] ?? 0
  const checksum = (descriptor >> 2) & 1 ? 4 : 0
  let at = 5 + (singleSegment ? 0 : 1) + dictionary + contentSize
  for (let last = false; !last; ) {
    if (at + 3 > bytes.length) return undefined
    const header = bytes.readUIntLE(at, 3)
    last = (header & 1) === 1
    const type = (header >> 1) & 3
    if (type === 3) throw corrupt('a zstd block has a reserved type')
    at += 3 + (type === 1 ? 1 : header >> 3)
    if (at > largestFrame) throw corrupt('a frame is larger than any angee writes')
  }
  return at + checksum
}

function corrupt(problem: string): AngeeError {
  return new AngeeError('ARCHIVE_CORRUPT', `the stored bytes are damaged: ${problem}`, {
    hint: 'Verify the snapshot and choose another one.',
  })
}
