import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { StoredPart, TreeSummary } from '@angee/core'
import { extract } from 'tar-stream'
import { corrupt } from '../get/verified.ts'

/** What a tar archive of restic holds: it leaves out FIFOs and devices, and every name of a file is a file. */
interface Members {
  file: number
  directory: number
  symlink: number
  fileBytes: number
}

/**
 * Reads the tar archive that `restic dump` makes of a tree, and counts what is in it. SNAPSHOT_CORRUPT where that is not
 * all of the tree: up to 0.18 restic ends well when it cannot read one of the tree's directories, and leaves out the rest.
 */
export async function readWholeTree(
  bytes: AsyncIterable<Buffer>,
  { part, tree }: StoredPart,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const found: Members = { file: 0, directory: 0, symlink: 0, fileBytes: 0 }
  const archive = extract()
  archive.on('entry', ({ type, size = 0 }, content, next) => {
    if (type === 'file' || type === 'directory' || type === 'symlink') found[type]++
    if (type === 'file') found.fileBytes += size
    // The pipeline tells of it; here it would be told a second time, to nobody.
    content.on('error', () => undefined)
    content.on('end', next)
    content.resume()
  })
  await pipeline(Readable.from(counted(bytes, onBytes), { objectMode: false }), archive)
  if (tree) requireAll(part, found, tree)
}

function requireAll(part: string, found: Members, { entries, bytes }: TreeSummary): void {
  // The tree's own directory is no member, and every name of a file brings its bytes.
  const expected = { ...entries, file: entries.file + entries.hardlink, directory: entries.directory - 1 }
  const sameBytes = entries.hardlink > 0 ? found.fileBytes >= bytes : found.fileBytes === bytes
  const kinds = ['file', 'directory', 'symlink'] as const
  if (sameBytes && kinds.every((kind) => found[kind] === expected[kind])) return
  const told = (counts: Record<(typeof kinds)[number], number>): string =>
    `${counts.file} files, ${counts.directory} directories and ${counts.symlink} symbolic links`
  throw corrupt(
    part,
    `restic hands out ${told(found)} with ${found.fileBytes} bytes; the manifest says ${told(expected)} with ${bytes} bytes`,
  )
}

async function* counted(bytes: AsyncIterable<Buffer>, onBytes: (bytes: number) => void): AsyncGenerator<Buffer> {
  for await (const piece of bytes) {
    onBytes(piece.length)
    yield piece
  }
}
