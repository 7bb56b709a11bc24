import { Buffer } from 'node:buffer'
import type { PathName } from '../files/index.ts'
import type { BytePath } from './journal-entry.ts'

export function toBytePath(path: PathName): BytePath {
  return (typeof path === 'string' ? Buffer.from(path) : path).toString('latin1')
}

export function fromBytePath(path: BytePath): Buffer {
  return Buffer.from(path, 'latin1')
}

/** The directory a path lies in. */
export function parentOf(path: BytePath): BytePath {
  return path.slice(0, Math.max(1, path.lastIndexOf('/')))
}
