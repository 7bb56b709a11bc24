import type { Context } from '@angee/core'
import type { Restic } from '../program/restic.ts'
import type { Listing } from '../snapshots/listing.ts'

/** What the indexes say that some packs hold: the pieces of files and of directories, by their ids. */
export interface Blobs {
  data: string[]
  tree: string[]
}

interface Index {
  packs?: { id: string; blobs: { id: string; type: 'data' | 'tree' }[] }[]
}

/** restic takes ids as arguments, and an argument list has an end. */
const idsAtOnce = 500

/** What lies in those packs. The packs themselves are not read: they are damaged or gone. */
export async function blobsIn(restic: Restic, packs: readonly string[], ctx: Context): Promise<Blobs> {
  const blobs: Blobs = { data: [], tree: [] }
  if (packs.length === 0) return blobs
  const { stdout } = await restic.call(['list', 'index', '--no-lock'], ctx)
  for (const id of stdout.split('\n').filter((line) => /^[0-9a-f]{64}$/.test(line))) {
    const index = JSON.parse((await restic.call(['cat', 'index', id, '--no-lock'], ctx)).stdout) as Index
    for (const pack of index.packs ?? []) {
      if (packs.includes(pack.id)) for (const { type, id: blob } of pack.blobs) blobs[type].push(blob)
    }
  }
  return blobs
}

/** Whether a restic snapshot has any of these pieces. A pack may have lost bytes that no restore reads, and is damaged all the same. */
export async function touches(
  restic: Restic,
  { stored }: Listing,
  resticId: string,
  blobs: Blobs,
  ctx: Context,
): Promise<boolean> {
  const tree = stored.find((one) => one.resticId === resticId)?.tree
  if (tree !== undefined && blobs.tree.includes(tree)) return true
  for (const type of ['tree', 'data'] as const) {
    const option = type === 'tree' ? '--tree' : '--blob'
    for (let at = 0; at < blobs[type].length; at += idsAtOnce) {
      const ids = blobs[type].slice(at, at + idsAtOnce)
      const { stdout } = await restic.call(['find', '--json', '--no-lock', '--snapshot', resticId, option, ...ids], ctx)
      if (stdout.includes('"object_type"')) return true
    }
  }
  return false
}
