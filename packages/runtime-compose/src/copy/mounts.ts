import { chmod, chown, mkdir, realpath, stat } from 'node:fs/promises'
import { isAbsolute, join, relative } from 'node:path'
import type { Copying } from './copying.ts'
import { shares } from './shares.ts'

type Block = Readonly<Record<string, unknown>>

/** A mount of a service in a copy. A named or anonymous volume is the copy's own already. */
export async function mountApart(where: string, mount: Block, copying: Copying): Promise<Block> {
  const { type, source, read_only } = mount
  if (type === 'npipe' || type === 'cluster')
    throw shares(where, `a mount of type ${type}`, 'It leads out of the stack.')
  if (type !== 'bind') return mount
  const place = await placeApart(where, String(source).replaceAll('$$', '$'), read_only === true, copying)
  return {
    ...mount,
    source: place.path.replaceAll('$', '$$$$'),
    ...(place.readOnly ? { read_only: true } : {}),
  }
}

/**
 * Where a copy finds a path of this machine. What holds data of the stack, and any other directory of the stack that is
 * written, is at the same place below the copy; what is only read stays where it lies, and so does a single file, which
 * the copy then only reads. Something writable from elsewhere is refused, and a way to the engine whatever its mode.
 */
export async function placeApart(
  where: string,
  path: string,
  readOnly: boolean,
  { to: { base, persist }, sockets }: Copying,
): Promise<{ path: string; readOnly: boolean }> {
  const facts = await stat(path).catch(() => undefined)
  if (facts?.isSocket() || (await leadsTo(path, sockets))) {
    throw shares(
      where,
      `it mounts ${path}, through which it reaches what is outside`,
      'Take that mount away, or leave out the drill.',
    )
  }
  const holdsData = persist.some((directory) => isWithin(path, directory) || isWithin(directory, path))
  if (isWithin(path, base.from) && (holdsData || (!readOnly && !facts?.isFile()))) {
    const moved = join(base.to, relative(base.from, path))
    if (!holdsData) await makeAlike(moved, facts)
    return { path: moved, readOnly }
  }
  if (readOnly || isWithin(path, base.from)) return { path, readOnly: true }
  throw shares(where, `it mounts ${path}, and may write there`, `Mount it with :ro, or move it into ${base.from}.`)
}

/** An empty directory with the mode and, where we may, the owner of the one it stands for. */
async function makeAlike(path: string, facts: { mode: number; uid: number; gid: number } | undefined): Promise<void> {
  await mkdir(path, { recursive: true })
  if (facts === undefined) return
  await chown(path, facts.uid, facts.gid).catch(() => undefined)
  await chmod(path, facts.mode & 0o7777)
}

/** Whether one of the sockets is at that path, or below it. */
async function leadsTo(path: string, sockets: readonly string[]): Promise<boolean> {
  const real = await realpath(path).catch(() => path)
  const reals = await Promise.all(sockets.map((socket) => realpath(socket).catch(() => socket)))
  return [...sockets, ...reals].some((socket) => isWithin(socket, real) || isWithin(socket, path))
}

/** Whether `path` is `directory` or lies below it. */
function isWithin(path: string, directory: string): boolean {
  const way = relative(directory, path)
  return way === '' || (way !== '..' && !way.startsWith('../') && !isAbsolute(way))
}
