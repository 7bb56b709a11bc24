import { Buffer } from 'node:buffer'
import type { BigIntStats } from 'node:fs'

/** Bytes of what is remembered of an entry but its path and content: see {@link stateOf}. */
export const stateBytes = 56

const words = new ArrayBuffer(stateBytes)
const wide = new BigUint64Array(words, 0, 5)
const narrow = new Uint32Array(words, 40, 4)
/** One for all: it is void at the next call. */
const scratch = Buffer.from(words)

/**
 * Device, inode, size, modification and change time; mode with type, owner, group, and 1 where `settled`. Two states
 * are compared byte by byte, so that one which is not settled equals none that is asked for.
 */
export function stateOf(stat: BigIntStats, settled: boolean): Buffer {
  wide[0] = stat.dev
  wide[1] = stat.ino
  wide[2] = stat.size
  wide[3] = stat.mtimeNs
  wide[4] = stat.ctimeNs
  narrow[0] = Number(stat.mode)
  narrow[1] = Number(stat.uid)
  narrow[2] = Number(stat.gid)
  narrow[3] = settled ? 1 : 0
  return scratch
}

const secondNs = 1e9
/** Clocks of file systems stand still for milliseconds, and some count whole seconds. */
const marginNs = 2 * secondNs
/** One write(2) changes the times when it begins and may go on for as long as its bytes take. No disk is slower. */
const slowestWrite = 16 << 20
const largestWrite = 2 ** 31

/**
 * Whether every change after `sinceNs` must give the entry other times: its own lie far enough before. Times of the
 * future never do.
 */
export function isSettled(stat: BigIntStats, sinceNs: number): boolean {
  const longestWriteNs = (Math.min(Number(stat.size), largestWrite) / slowestWrite) * secondNs
  const limit = sinceNs - marginNs - longestWriteNs
  return Number(stat.ctimeNs) < limit && Number(stat.mtimeNs) < limit
}
