import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import type { ByteString } from '../../bytes/path.ts'
import { contentAt, digestBytes, headOf, pathAt, pathLengthAt, tailBytes } from './format.ts'
import { stateBytes } from './state.ts'

/** What was remembered of one entry. Its bytes are void when the next one is asked for. */
export interface RememberedEntry {
  path: ByteString
  /** See `stateOf`. */
  state: Buffer
  /** SHA-256; zeros unless it is a regular file. */
  content: Buffer
}

/** A whole memory of the tree that was asked for. Disposing closes its file. */
export interface Memory extends Disposable {
  readonly treeDigest: string
  /** In canonical order. */
  entries(): Generator<RememberedEntry>
}

const blockBytes = 1 << 20

/**
 * The memory in `file`, or undefined where it is none of this tree, of this start of the machine and of this version,
 * or is not whole. Memory use does not grow with the tree.
 */
export function openMemory(file: string, directory: string, exclude: readonly string[]): Memory | undefined {
  let descriptor: number | undefined
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const memory = readMemory(descriptor, headOf(directory, exclude))
    if (memory) return memory
  } catch {
    // What cannot be read is not remembered.
  }
  if (descriptor !== undefined) closeSync(descriptor)
  return undefined
}

function readMemory(descriptor: number, head: Buffer): Memory | undefined {
  const stat = fstatSync(descriptor)
  const end = stat.size - tailBytes
  if (!stat.isFile() || end < head.length) return undefined
  if (!readAt(descriptor, 0, head.length).equals(head)) return undefined
  const seal = readAt(descriptor, stat.size - digestBytes, digestBytes)
  if (!digestUpTo(descriptor, stat.size - digestBytes).equals(seal)) return undefined
  return {
    treeDigest: `sha256:${readAt(descriptor, end, digestBytes).toString('hex')}`,
    entries: () => entriesBetween(descriptor, head.length, end),
    [Symbol.dispose]: () => closeSync(descriptor),
  }
}

function* entriesBetween(descriptor: number, start: number, end: number): Generator<RememberedEntry> {
  const memory = Buffer.allocUnsafe(blockBytes)
  for (let position = start; position < end; ) {
    const block = readInto(memory, descriptor, position, end)
    let at = 0
    for (let next = endOf(block, at); next <= block.length; next = endOf(block, at)) {
      const entry = block.subarray(at, next)
      yield {
        path: entry.toString('latin1', pathAt),
        state: entry.subarray(0, stateBytes),
        content: entry.subarray(contentAt, pathLengthAt),
      }
      at = next
    }
    if (at === 0) throw new Error('an entry is longer than any that is written')
    position += at
  }
}

/** Where the entry at `at` ends; beyond the block where it goes on in the next one. */
function endOf(block: Buffer, at: number): number {
  if (at + pathAt > block.length) return block.length + 1
  return at + pathAt + block.readUInt32LE(at + pathLengthAt)
}

function digestUpTo(descriptor: number, end: number): Buffer {
  const hash = createHash('sha256')
  const memory = Buffer.allocUnsafe(blockBytes)
  for (let at = 0; at < end; at += blockBytes) hash.update(readInto(memory, descriptor, at, end))
  return hash.digest()
}

function readAt(descriptor: number, position: number, bytes: number): Buffer {
  return readInto(Buffer.allocUnsafe(bytes), descriptor, position, position + bytes)
}

/** As many bytes from `position` as `target` holds, or fewer where `end` is nearer. */
function readInto(target: Buffer, descriptor: number, position: number, end: number): Buffer {
  const bytes = Math.min(target.length, end - position)
  for (let filled = 0; filled < bytes; ) {
    const read = readSync(descriptor, target, filled, bytes - filled, position + filled)
    if (read === 0) throw new Error('the file ends early')
    filled += read
  }
  return target.subarray(0, bytes)
}
