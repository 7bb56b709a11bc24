import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import { createReadStream } from 'node:fs'
import { lstat, readdir, readlink } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'

const separator = Buffer.from('/')

/**
 * One line for each entry below `directory`, in the order of their names' bytes: name, type, mode, owner, modification
 * time in nanoseconds, and what it holds. Equal trees have equal lines, and a runner's diff of them can be read.
 * The directory itself is not among them. Bytes of names that are not ASCII are shown as \xNN.
 */
export async function describeTree(directory: string): Promise<string[]> {
  const lines: string[] = []
  const firstNames = new Map<string, string>()
  await describeInto(lines, firstNames, Buffer.from(directory), '')
  return lines
}

async function describeInto(
  lines: string[],
  firstNames: Map<string, string>,
  directory: Buffer,
  base: string,
): Promise<void> {
  const names = await readdir(directory, { encoding: 'buffer' })
  for (const name of names.sort(Buffer.compare)) {
    const path = Buffer.concat([directory, separator, name])
    const shown = base + printable(name)
    const stat = await lstat(path, { bigint: true })
    lines.push(`${shown} ${await describeEntry(path, stat, shown, firstNames)}`)
    if (stat.isDirectory()) await describeInto(lines, firstNames, path, `${shown}/`)
  }
}

async function describeEntry(
  path: Buffer,
  stat: BigIntStats,
  shown: string,
  firstNames: Map<string, string>,
): Promise<string> {
  const about = `${(stat.mode & 0o7777n).toString(8)} ${stat.uid}:${stat.gid} ${stat.mtimeNs}`
  if (stat.isDirectory()) return `directory ${about}`
  const inode = `${stat.dev}:${stat.ino}`
  const firstName = firstNames.get(inode)
  if (firstName !== undefined) return `hardlink of ${firstName}`
  firstNames.set(inode, shown)
  if (stat.isSymbolicLink()) return `symlink ${about} -> ${printable(await readlink(path, { encoding: 'buffer' }))}`
  if (stat.isFIFO()) return `fifo ${about}`
  if (stat.isFile()) return `file ${about} ${stat.size} bytes ${await contentDigest(path)}`
  return `device ${about} ${stat.rdev}`
}

async function contentDigest(path: Buffer): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash)
  return hash.digest('hex')
}

function printable(name: Buffer): string {
  return [...name].map((byte) => (byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : escaped(byte))).join('')
}

function escaped(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`
}
