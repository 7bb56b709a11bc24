import { type BigIntStats, constants, fstatSync, openSync } from 'node:fs'
import { type ByteString, toPath } from '../bytes/path.ts'

const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
/** Not on every platform, and only for the owner of the file or root. */
const noAccessTime = (constants as { O_NOATIME?: number }).O_NOATIME ?? 0

/** Opens a file for reading, never through a link, and where possible without touching its access time. */
export function openToRead(path: ByteString): number {
  try {
    return openSync(toPath(path), readFlags | noAccessTime)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM' || noAccessTime === 0) throw error
    return openSync(toPath(path), readFlags)
  }
}

/**
 * File systems stamp a change with a clock that stands still for up to ten milliseconds: of a file changed more lately
 * than that, a further change cannot be told.
 */
const stampedWithin = 20
const sleeper = new Int32Array(new SharedArrayBuffer(4))

export interface FileState {
  stat: BigIntStats
  /** Whether any later change will show. */
  settled: boolean
}

/** The state of an open file before it is read. Waits once for a file that was changed this moment. */
export function stateOf(descriptor: number): FileState {
  const first = fstatSync(descriptor, { bigint: true })
  if (isSettled(first)) return { stat: first, settled: true }
  Atomics.wait(sleeper, 0, 0, stampedWithin)
  const stat = fstatSync(descriptor, { bigint: true })
  return { stat, settled: isSettled(stat) }
}

function isSettled(stat: BigIntStats): boolean {
  const age = Date.now() - Number(stat.ctimeMs)
  // A stamp of the future comes from another machine's clock and says nothing.
  return age < 0 || age > stampedWithin
}

/** Whether the file is for certain as it was. */
export function isUnchanged({ stat, settled }: FileState, descriptor: number): boolean {
  const after = fstatSync(descriptor, { bigint: true })
  return (
    settled &&
    stat.size === after.size &&
    stat.mtimeNs === after.mtimeNs &&
    stat.ctimeNs === after.ctimeNs &&
    stat.ino === after.ino
  )
}
