import { Buffer } from 'node:buffer'
import type { Readable } from 'node:stream'
import type { Context, Digested } from '@angee/core'
import { AngeeError } from '@angee/core/errors'
import { digestCounter } from '../frames/counted.ts'
import { padded, zeroBlocks } from '../tar/format.ts'
import { memberHeader } from './member.ts'
import type { ExportSink } from './sink.ts'

/** Appends members to a tar archive, one after the other. Once one has failed the archive is none any more. */
export interface TarWriter {
  add(name: string, bytes: Uint8Array, ctx: Context): Promise<void>
  /** A member of exactly `length` bytes. Rejects with the stream's own error, and when it ends before or after that. */
  addStream(name: string, length: number, body: Readable, ctx: Context): Promise<void>
  /** Writes the end. Length and digest of the whole archive. */
  end(ctx: Context): Promise<Digested>
}

/** Writes to `sink`. `mtime` is that of all members, in whole seconds since 1970. */
export function tarWriter(sink: ExportSink, mtime: number): TarWriter {
  const whole = digestCounter()
  const mtimeNs = BigInt(mtime) * 1_000_000_000n
  let broken = false

  const write = async (bytes: Buffer, ctx: Context): Promise<void> => {
    ctx.signal.throwIfAborted()
    if (bytes.length === 0) return
    await sink.write(bytes, ctx)
    whole.add(bytes)
  }
  /** What fails leaves half a member behind, and nothing can be written after that. */
  const atomically = async (body: () => Promise<void>): Promise<void> => {
    if (broken) throw new AngeeError('INTERNAL', `${sink.location} was given up`)
    broken = true
    await body()
    broken = false
  }

  return {
    add: (name, bytes, ctx) =>
      atomically(async () => {
        await write(memberHeader(name, bytes.length, mtimeNs), ctx)
        await write(Buffer.from(bytes), ctx)
        await write(paddingOf(bytes.length), ctx)
      }),
    addStream: (name, length, body, ctx) =>
      atomically(async () => {
        await write(memberHeader(name, length, mtimeNs), ctx)
        let written = 0
        for await (const chunk of body as AsyncIterable<Buffer>) {
          written += chunk.length
          if (written > length) break
          await write(chunk, ctx)
        }
        if (written !== length || !body.readableEnded) throw wrongLength(name, length, written)
        await write(paddingOf(length), ctx)
      }),
    end: async (ctx) => {
      await atomically(() => write(zeroBlocks, ctx))
      broken = true
      return whole.total()
    },
  }
}

function paddingOf(length: number): Buffer {
  return zeroBlocks.subarray(0, padded(length) - length)
}

function wrongLength(name: string, length: number, written: number): AngeeError {
  return new AngeeError('PART_FAILED', `${name} was to have ${length} bytes and had ${written}`, {
    hint: 'The backend gives something else than its manifest says. Verify the snapshot.',
    context: { member: name, length, written },
  })
}
