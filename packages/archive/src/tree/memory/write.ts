import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { type BigIntStats, closeSync, openSync, rmSync, writeSync } from 'node:fs'
import type { ByteString } from '../../bytes/path.ts'
import { contentAt, digestBytes, headOf, pathAt, pathLengthAt } from './format.ts'
import { isSettled, stateOf } from './state.ts'

/** What the tree thread is told to remember, and where. */
export interface Remember {
  /** Absolute path. Nothing lies there. */
  into: string
  /** See `settleTimes`. */
  since: number
}

/** Writes down the entries of a tree as they are read. None of its calls throws: without a memory all is read next time. */
export interface MemoryWriter {
  /** In canonical order, the tree's own directory first. `content` is the content digest of a regular file, else empty. */
  add(path: ByteString, stat: BigIntStats, content: string): void
  /** Seals the file: it holds every entry of a tree with that digest. */
  keep(treeDigest: string): void
  /** Leaves nothing. */
  drop(): void
}

const blockBytes = 1 << 20

export function memoryWriter({ into, since }: Remember, directory: string, exclude: readonly string[]): MemoryWriter {
  const hash = createHash('sha256')
  const sinceNs = since * 1e6
  const block = Buffer.alloc(blockBytes)
  let used = 0
  let device: bigint | undefined
  let descriptor: number | undefined

  const drop = (): void => {
    if (descriptor === undefined) return
    try {
      closeSync(descriptor)
      rmSync(into, { force: true })
    } finally {
      descriptor = undefined
    }
  }
  /** What cannot be written is not remembered: a full disk must not cost the snapshot. */
  const attempt = (action: () => void): void => {
    try {
      action()
    } catch {
      drop()
    }
  }
  const writeOut = (bytes: Buffer): void => {
    if (descriptor === undefined) return
    hash.update(bytes)
    for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at)
  }
  const flush = (): void => {
    writeOut(block.subarray(0, used))
    used = 0
  }

  attempt(() => {
    descriptor = openSync(into, 'wx', 0o600)
    writeOut(headOf(directory, exclude))
  })
  return {
    add: (path, stat, content) =>
      attempt(() => {
        if (descriptor === undefined) return
        // Of another device, mounted inside the tree, nothing was synced.
        device ??= stat.dev
        const settled = stat.dev === device && isSettled(stat, sinceNs)
        if (used + pathAt + path.length > blockBytes) flush()
        stateOf(stat, settled).copy(block, used)
        block.fill(0, used + contentAt, used + pathLengthAt)
        block.write(content, used + contentAt, 'hex')
        block.writeUInt32LE(path.length, used + pathLengthAt)
        if (block.write(path, used + pathAt, 'latin1') < path.length)
          throw new RangeError(`a path of ${path.length} bytes`)
        used += pathAt + path.length
      }),
    keep: (treeDigest) =>
      attempt(() => {
        if (descriptor === undefined) return
        flush()
        writeOut(Buffer.from(treeDigest.slice('sha256:'.length), 'hex'))
        const seal = hash.digest()
        for (let at = 0; at < digestBytes; ) at += writeSync(descriptor, seal, at)
        closeSync(descriptor)
        descriptor = undefined
      }),
    drop: () => attempt(drop),
  }
}
