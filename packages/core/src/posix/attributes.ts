import { Buffer } from 'node:buffer'
import { lastSystemError, requirePosix, systemCall } from './library.ts'

const linux = process.platform === 'linux'
/** The kernel's own limit for a list and for a value is 64 KiB on Linux. */
const buffer = Buffer.alloc(65536)

/** What has attributes: a C string (a path that ends with a NUL byte, never followed as a link), or an open file. */
export type AttributeTarget = Buffer | number

/**
 * Extended attributes in the order of their names. A file system without them gives none. POSIX ACLs appear as
 * `system.posix_acl_*`.
 */
export function listAttributes(target: AttributeTarget): { name: string; value: Buffer }[] {
  const length = Number(list(target))
  if (length === 0) return []
  if (length < 0) {
    const error = lastSystemError('listxattr', shown(target))
    if (error.code === 'ENOTSUP' || error.code === 'EOPNOTSUPP') return []
    throw error
  }
  const names = buffer
    .toString('latin1', 0, length - 1)
    .split('\0')
    .sort()
  return names.map((name) => ({ name, value: read(target, name) }))
}

/** Sets one extended attribute, without following a symbolic link. `path` ends with a NUL byte. */
export function setAttribute(path: Buffer, name: string, value: Buffer): void {
  requirePosix()
  const key = Buffer.from(`${name}\0`, 'latin1')
  const result = linux
    ? systemCall('int lsetxattr(const uint8_t *, const uint8_t *, const void *, size_t, int)')(
        path,
        key,
        value,
        value.length,
        0,
      )
    : systemCall('int setxattr(const uint8_t *, const uint8_t *, const void *, size_t, uint32_t, int)')(
        path,
        key,
        value,
        value.length,
        0,
        1,
      )
  if (result !== 0) throw lastSystemError('setxattr', shown(path))
}

function list(target: AttributeTarget): number {
  requirePosix()
  const size = buffer.length
  if (typeof target === 'number') {
    return linux
      ? systemCall('int64_t flistxattr(int, void *, size_t)')(target, buffer, size)
      : systemCall('int64_t flistxattr(int, void *, size_t, int)')(target, buffer, size, 0)
  }
  return linux
    ? systemCall('int64_t llistxattr(const uint8_t *, void *, size_t)')(target, buffer, size)
    : systemCall('int64_t listxattr(const uint8_t *, void *, size_t, int)')(target, buffer, size, 1)
}

function read(target: AttributeTarget, name: string): Buffer {
  const length = Number(get(target, Buffer.from(`${name}\0`, 'latin1')))
  if (length < 0) throw lastSystemError('getxattr', shown(target))
  return Buffer.from(buffer.subarray(0, length))
}

function get(target: AttributeTarget, key: Buffer): number {
  const size = buffer.length
  if (typeof target === 'number') {
    return linux
      ? systemCall('int64_t fgetxattr(int, const uint8_t *, void *, size_t)')(target, key, buffer, size)
      : systemCall('int64_t fgetxattr(int, const uint8_t *, void *, size_t, uint32_t, int)')(
          target,
          key,
          buffer,
          size,
          0,
          0,
        )
  }
  return linux
    ? systemCall('int64_t lgetxattr(const uint8_t *, const uint8_t *, void *, size_t)')(target, key, buffer, size)
    : systemCall('int64_t getxattr(const uint8_t *, const uint8_t *, void *, size_t, uint32_t, int)')(
        target,
        key,
        buffer,
        size,
        0,
        1,
      )
}

function shown(target: AttributeTarget): string {
  return typeof target === 'number' ? `descriptor ${target}` : target.toString()
}
