import { Buffer } from 'node:buffer'
import { availableParallelism } from 'node:os'
import { promisify } from 'node:util'
import { constants, createZstdCompress, zstdDecompress } from 'node:zlib'
import { AngeeError } from '@angee/core/errors'
import { blockBytes } from '../tree/ring.ts'
import { frameSize } from './parse.ts'

const decompress = promisify(zstdDecompress)

/** docs/performance.md has the figures behind the level. */
const level = 2

/** The format's limit for one frame, whatever size this version writes (docs/snapshot-format.md). */
const largestFrameContent = 8 << 20
const outputChunk = 1 << 20

/** A compressor with its tables, kept from block to block: making them anew costs as much as half a block. */
type Compressor = (block: Buffer) => Promise<Buffer>
const idle: Compressor[] = []

/** One block as one independent frame with its content checksum. Runs on the thread pool. */
export async function compressBlock(block: Buffer): Promise<Buffer> {
  const compressor = idle.pop() ?? newCompressor()
  const frame = await compressor(block)
  // One that failed is not kept.
  if (idle.length < blocksInFlight) idle.push(compressor)
  return frame
}

function newCompressor(): Compressor {
  const stream = createZstdCompress({
    // A round trip to the pool for each chunk of output; larger chunks are memory that mostly stays empty.
    chunkSize: outputChunk,
    params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 },
  })
  let pieces: Buffer[] = []
  stream.on('data', (piece: Buffer) => pieces.push(piece))
  return (block) =>
    new Promise((resolve, reject) => {
      pieces = []
      stream.once('error', reject)
      stream.write(block)
      // Ending a frame, unlike ending the stream, leaves the compressor ready for the next one.
      stream.flush(constants.ZSTD_e_end, () => {
        stream.off('error', reject)
        const frame = pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces)
        if (frameSize(frame) === frame.length) resolve(frame)
        else reject(new AngeeError('INTERNAL', `a block of ${block.length} bytes did not become one whole frame`))
      })
    })
}

/** The bytes of one frame. ARCHIVE_CORRUPT when its checksum fails or it holds more than a block. */
export async function decompressFrame(frame: Buffer): Promise<Buffer> {
  try {
    return await decompress(frame, { chunkSize: blockBytes + 4096, maxOutputLength: largestFrameContent })
  } catch (cause) {
    throw new AngeeError('ARCHIVE_CORRUPT', `a stored frame does not decompress: ${(cause as Error).message}`, {
      hint: 'Verify the snapshot and choose another one.',
      cause,
    })
  }
}

/** How many blocks of one part are in the thread pool at once: every core busy and one waiting. More is only memory. */
export const blocksInFlight = Math.min(4, availableParallelism() + 1)
