import type { FileHandle } from 'node:fs/promises'

/** Small chunks are gathered up to this size, so that a body in tiny pieces costs no system call for each. */
const gatheredBytes = 1024 * 1024
const gatheredChunks = 512
/** The disk starts on what was written after so many bytes, while the rest is still produced: the last sync is short. */
const writebackBytes = 64 * 1024 * 1024

export interface FileSink {
  /** Takes a chunk. It MUST NOT be changed afterwards: it is written without being copied. */
  write(chunk: Uint8Array): Promise<void>
  /** Resolves with the number of bytes once all of them are on the disk. */
  finish(): Promise<number>
}

/** Writes chunks one after the other into an open, empty file. */
export function fileSink(handle: FileHandle): FileSink {
  let gathered: Uint8Array[] = []
  let waiting = 0
  let position = 0
  let unsynced = 0
  let writeback: Promise<void> | undefined
  /** The kernel tells of a failed write-back once, so it has to be remembered for `finish`. */
  let problem: unknown

  async function flush(): Promise<void> {
    const chunks = gathered
    const length = waiting
    gathered = []
    waiting = 0
    await writeAll(handle, chunks, length, position)
    position += length
    unsynced += length
    if (unsynced >= writebackBytes && writeback === undefined) startWriteback()
  }

  function startWriteback(): void {
    unsynced = 0
    writeback = handle
      .datasync()
      .catch((error: unknown) => {
        problem ??= error
      })
      .finally(() => {
        writeback = undefined
      })
  }

  return {
    async write(chunk) {
      if (chunk.length === 0) return
      gathered.push(chunk)
      waiting += chunk.length
      if (waiting >= gatheredBytes || gathered.length >= gatheredChunks) await flush()
    },

    async finish() {
      await flush()
      await writeback
      if (problem !== undefined) throw problem
      await handle.sync()
      return position
    },
  }
}

/** One write may take less than it was given, for example where the disk is nearly full. */
async function writeAll(handle: FileHandle, chunks: Uint8Array[], length: number, position: number): Promise<void> {
  let remaining = chunks
  for (let written = 0; written < length; ) {
    const { bytesWritten } = await handle.writev(remaining, position + written)
    if (bytesWritten === 0) throw new Error(`the file took no more after ${position + written} bytes`)
    written += bytesWritten
    remaining = without(remaining, bytesWritten)
  }
}

function without(chunks: readonly Uint8Array[], length: number): Uint8Array[] {
  let skip = length
  return chunks.flatMap((chunk) => {
    const rest = chunk.subarray(Math.min(skip, chunk.length))
    skip -= chunk.length - rest.length
    return rest.length === 0 ? [] : [rest]
  })
}
