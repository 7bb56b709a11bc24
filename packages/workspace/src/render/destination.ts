import { chmod, lstat, mkdir, open, symlink, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { AngeeError } from '@angee/core'

/**
 * A directory that templates are rendered into. Nothing is ever written outside of it: not by a path that leads out, and
 * not through a symbolic link that a template has put there. `from` names what in the template asks for it.
 */
export interface Destination {
  readonly directory: string
  /** The path relative to the directory, normalised. TEMPLATE_ESCAPES. */
  pathOf(path: string, from: string): string
  makeDirectory(path: string, from: string): Promise<void>
  writeFile(path: string, bytes: Uint8Array, mode: number, from: string): Promise<void>
  writeLink(path: string, target: string, from: string): Promise<void>
  exists(path: string): Promise<boolean>
}

export function openDestination(directory: string): Destination {
  async function makeParents(segments: readonly string[], from: string): Promise<string> {
    let at = directory
    for (const segment of segments) {
      at = join(at, segment)
      const stat = await statOf(at)
      if (stat === undefined) await mkdir(at)
      else if (stat.isSymbolicLink()) throw throughLink(at, from)
      else if (!stat.isDirectory()) throw inTheWay(at, from)
    }
    return at
  }

  /** The absolute path, with everything above it made and nothing there any more. */
  async function clear(path: string, from: string): Promise<string> {
    const segments = segmentsOf(path, from)
    const name = segments.at(-1)
    if (name === undefined) throw escapes(path, from)
    const target = join(await makeParents(segments.slice(0, -1), from), name)
    const stat = await statOf(target)
    if (stat?.isDirectory()) throw inTheWay(target, from)
    if (stat !== undefined) await unlink(target)
    return target
  }

  return {
    directory,
    pathOf: (path, from) => segmentsOf(path, from).join('/'),
    makeDirectory: async (path, from) => {
      await makeParents(segmentsOf(path, from), from)
    },
    writeFile: async (path, bytes, mode, from) => {
      const target = await clear(path, from)
      // `wx` never follows a link.
      const file = await open(target, 'wx', mode)
      try {
        await file.writeFile(bytes)
      } finally {
        await file.close()
      }
      await chmod(target, mode)
    },
    writeLink: async (path, to, from) => symlink(to, await clear(path, from)),
    exists: async (path) => (await statOf(join(directory, path))) !== undefined,
  }
}

function segmentsOf(path: string, from: string): string[] {
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.')
  if (path.startsWith('/') || segments.includes('..') || path.includes('\0')) throw escapes(path, from)
  return segments
}

async function statOf(path: string) {
  try {
    return await lstat(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
}

function escapes(path: string, from: string): AngeeError {
  return new AngeeError(
    'TEMPLATE_ESCAPES',
    `${from} would be written to ${JSON.stringify(path)}, outside of the workspace`,
    {
      hint: 'Look at what the name is made of, and at the inputs it uses.',
      context: { file: from, path },
    },
  )
}

function throughLink(link: string, from: string): AngeeError {
  return new AngeeError('TEMPLATE_ESCAPES', `${from} would be written through the symbolic link ${link}`, {
    hint: 'A template writes into real directories only.',
    context: { file: from, link },
  })
}

function inTheWay(path: string, from: string): AngeeError {
  return new AngeeError('TEMPLATE_INVALID', `${from} cannot be written: ${path} is there and is of another kind`, {
    hint: 'One of the two needs another name.',
    context: { file: from, path },
  })
}
