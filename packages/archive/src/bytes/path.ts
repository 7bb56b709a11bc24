import { Buffer } from 'node:buffer'
import { closeSync, constants, openSync } from 'node:fs'
import { AngeeError } from '@angee/core/errors'

/**
 * A path or a name as one Latin-1 character a byte. File names are bytes, not text: this way they survive whatever
 * they hold, sort by bytes with plain string comparison, and cost nothing where they are ASCII.
 */
export type ByteString = string

// biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is exactly this range.
const ascii = /^[\x00-\x7f]*$/

/** The path as the file system calls take it. */
export function toPath(path: ByteString): string | Buffer {
  return ascii.test(path) ? path : Buffer.from(path, 'latin1')
}

/** The path as a C string. */
export function toCString(path: ByteString): Buffer {
  return Buffer.from(`${path}\0`, 'latin1')
}

export function fromText(path: string): ByteString {
  return ascii.test(path) ? path : Buffer.from(path).toString('latin1')
}

/** For people: UTF-8 where it is UTF-8, else invalid and control bytes as \xNN. */
export function shown(path: ByteString): string {
  const bytes = Buffer.from(path, 'latin1')
  const text = bytes.toString('utf8')
  const whole = Buffer.from(text).equals(bytes)
  const readable = whole ? text : path
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control bytes must not reach a terminal.
  const hidden = whole ? /[\x00-\x1f\x7f]/g : /[^\x20-\x7e]/g
  return readable.replace(hidden, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

/** Kernels take no path longer than 4096 bytes; longer ones are reached through an open directory. */
const longestPath = 3500

/**
 * A directory whose entries can be named however deep it lies. Beyond what the kernel takes as a path, an open
 * descriptor stands for the directory (`/proc/self/fd`, Linux only).
 */
export interface Place {
  /** Prefix of the path of every entry, with its slash. */
  readonly prefix: ByteString
  readonly path: ByteString
  close(): void
}

export function rootPlace(path: ByteString): Place {
  return { prefix: `${path}/`, path, close: () => undefined }
}

/** The place of the directory `name` inside `parent`. It must exist and is never followed as a link. */
export function enter(parent: Place, name: ByteString): Place {
  const path = parent.prefix + name
  if (path.length < longestPath) return { prefix: `${path}/`, path, close: () => undefined }
  if (process.platform !== 'linux') {
    throw new AngeeError(
      'TREE_UNREADABLE',
      `${shown(path).slice(0, 100)}… is deeper than ${process.platform} can name`,
      {
        hint: 'Move that directory, or leave it out with a persist entry of its own.',
      },
    )
  }
  return hold(path)
}

/**
 * The place of the directory `name` inside `parent`, held open where the platform can name what is held (Linux): whoever
 * may write there cannot swap it, or one above it, for a link and have something else read in its stead.
 */
export function enterHeld(parent: Place, name: ByteString): Place {
  return process.platform === 'linux' ? hold(parent.prefix + name) : enter(parent, name)
}

/** Opens a directory, never through a link, and names it by its descriptor from then on. */
function hold(path: ByteString): Place {
  const descriptor = openSync(toPath(path), constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  const short = `/proc/self/fd/${descriptor}`
  // The dot: without it a call that does not follow links would mean the link in /proc, not the directory.
  return { prefix: `${short}/`, path: `${short}/.`, close: () => closeSync(descriptor) }
}
