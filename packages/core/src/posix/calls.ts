import { Buffer } from 'node:buffer'
import { lastSystemError, requirePosix, systemCall } from './library.ts'

const linux = process.platform === 'linux'
/** Constants of <fcntl.h>, <sys/file.h> and <unistd.h> where they differ between Linux and macOS. */
const currentDirectory = linux ? -100 : -2
const noFollow = linux ? 0x100 : 0x20
const seekData = linux ? 3 : 4
const seekHole = linux ? 4 : 3
const lockExclusive = 2
const lockNonBlocking = 4
const lockRelease = 8
const setDescriptorFlags = 2

function terminated(path: string | Buffer): Buffer {
  return Buffer.concat([Buffer.isBuffer(path) ? path : Buffer.from(path), Buffer.of(0)])
}

function shown(path: string | Buffer): string {
  return path.toString()
}

/**
 * Sets access and modification time of a path, to the nanosecond, without following a symbolic link.
 * Times are nanoseconds since 1970 and may be negative.
 */
export function setTimes(path: string | Buffer, accessNs: bigint, modificationNs: bigint): void {
  requirePosix()
  writeTimespec(0, accessNs)
  writeTimespec(16, modificationNs)
  const call = systemCall('int utimensat(int directory, const uint8_t *path, const void *times, int flags)')
  if (call(currentDirectory, terminated(path), times, noFollow) !== 0) throw lastSystemError('utimensat', shown(path))
}

/** The same for an open file. */
export function setTimesOf(descriptor: number, accessNs: bigint, modificationNs: bigint): void {
  requirePosix()
  writeTimespec(0, accessNs)
  writeTimespec(16, modificationNs)
  const call = systemCall('int futimens(int descriptor, const void *times)')
  if (call(descriptor, times) !== 0) throw lastSystemError('futimens', `descriptor ${descriptor}`)
}

/** Two timespecs, access and modification. One for all calls: they are made one after the other on a thread. */
const times = Buffer.alloc(32)

/** A timespec is two 64-bit integers; its nanoseconds are never negative, so times before 1970 round down. */
function writeTimespec(offset: number, nanoseconds: bigint): void {
  const seconds = nanoseconds >= 0n ? nanoseconds / 1_000_000_000n : -((-nanoseconds + 999_999_999n) / 1_000_000_000n)
  times.writeBigInt64LE(seconds, offset)
  times.writeBigInt64LE(nanoseconds - seconds * 1_000_000_000n, offset + 8)
}

/** Creates a FIFO with exactly this mode less the umask. */
export function makeFifo(path: string | Buffer, mode: number): void {
  requirePosix()
  const call = systemCall('int mkfifo(const uint8_t *path, uint32_t mode)')
  if (call(terminated(path), mode) !== 0) throw lastSystemError('mkfifo', shown(path))
}

/** Creates a device node. `mode` holds the type bits; `device` is as in `stat().rdev`. Needs privilege. */
export function makeDevice(path: string | Buffer, mode: number, device: bigint): void {
  requirePosix()
  const call = systemCall('int mknod(const uint8_t *path, uint32_t mode, uint64_t device)')
  if (call(terminated(path), mode, device) !== 0) throw lastSystemError('mknod', shown(path))
}

/**
 * The stretches of an open file that hold data, as [start, end) in bytes; what lies between them is holes. Undefined
 * when there are more than `most`.
 */
export function dataSegments(
  descriptor: number,
  size: number,
  most: number,
): [start: number, end: number][] | undefined {
  requirePosix()
  const seek = systemCall('int64_t lseek(int descriptor, int64_t offset, int whence)')
  const segments: [number, number][] = []
  for (let position = 0; position < size; ) {
    const start = Number(seek(descriptor, position, seekData))
    if (start < 0) break
    const end = Number(seek(descriptor, start, seekHole))
    if (segments.length === most) return undefined
    segments.push([start, Math.min(end < 0 ? size : end, size)])
    position = end < 0 ? size : end
  }
  return segments
}

/** Takes an exclusive lock that the kernel releases when the descriptor closes or the process dies. False when held. */
export function tryLock(descriptor: number): boolean {
  requirePosix()
  const call = systemCall('int flock(int descriptor, int operation)')
  if (call(descriptor, lockExclusive | lockNonBlocking) === 0) return true
  const error = lastSystemError('flock', `descriptor ${descriptor}`)
  if (error.code === 'EAGAIN' || error.code === 'EWOULDBLOCK') return false
  throw error
}

/** Releases a lock for every copy of the descriptor, those that other processes have inherited included. */
export function unlock(descriptor: number): void {
  requirePosix()
  const call = systemCall('int flock(int descriptor, int operation)')
  if (call(descriptor, lockRelease) !== 0) throw lastSystemError('flock', `descriptor ${descriptor}`)
}

/** Lets every process started from now on have a copy of the descriptor, and with it a share in its lock. */
export function makeInheritable(descriptor: number): void {
  requirePosix()
  const call = systemCall('int fcntl(int descriptor, int command, ...)')
  if (call(descriptor, setDescriptorFlags, 'int', 0) !== 0) throw lastSystemError('fcntl', `descriptor ${descriptor}`)
}
