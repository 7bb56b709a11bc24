import { Buffer } from 'node:buffer'
import type { FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'
import type { Context } from '@angee/core'
import { AngeeError } from '@angee/core/errors'
import type { ObjectStore } from '../object-store/object-store.ts'
import type { MemberPlace } from './members.ts'

const pieceBytes = 1 << 20

/** The members of an export file as objects. It can only be read. */
export function readStore(
  handle: FileHandle,
  location: string,
  members: ReadonlyMap<string, MemberPlace>,
): ObjectStore {
  const readOnly = async (): Promise<never> => {
    throw new AngeeError('BACKEND_READ_ONLY', `${location} is an export file, and cannot be changed`)
  }
  return {
    location,
    remote: false,
    get: async (key, range, ctx) => {
      const member = members.get(key)
      if (!member) throw new AngeeError('OBJECT_NOT_FOUND', `${location} holds no ${key}`, { context: { key } })
      const { start, end } = range ?? { start: 0, end: member.bytes }
      if (start < 0 || start > end || end > member.bytes) {
        throw new AngeeError('BACKEND_FAILED', `bytes ${start} to ${end} of ${key}, which has ${member.bytes}`)
      }
      const bytes = piecesOf(handle, location, member.start + start, member.start + end, ctx)
      return Readable.from(bytes, { objectMode: false, highWaterMark: 2 * pieceBytes })
    },
    head: async (key) => {
      const member = members.get(key)
      return member && { bytes: member.bytes }
    },
    list: async function* (prefix) {
      for (const key of [...members.keys()].filter((one) => one.startsWith(prefix)).sort()) {
        yield { key, bytes: members.get(key)?.bytes ?? 0 }
      }
    },
    put: readOnly,
    delete: readOnly,
    preflight: readOnly,
    [Symbol.asyncDispose]: () => handle.close(),
  }
}

async function* piecesOf(
  handle: FileHandle,
  location: string,
  start: number,
  end: number,
  { signal }: Context,
): AsyncGenerator<Buffer> {
  for (let position = start; position < end; ) {
    signal.throwIfAborted()
    const piece = Buffer.allocUnsafeSlow(Math.min(pieceBytes, end - position))
    const { bytesRead } = await handle.read(piece, 0, piece.length, position).catch((cause: NodeJS.ErrnoException) => {
      throw new AngeeError('BACKEND_FAILED', `${location} cannot be read: ${cause.message}`, {
        hint: 'Check the disk it lies on.',
        cause,
      })
    })
    if (bytesRead === 0) throw new AngeeError('ARCHIVE_CORRUPT', `${location} ends after ${position} bytes`)
    yield piece.subarray(0, bytesRead)
    position += bytesRead
  }
}
