import { restic, snapshotsIn } from './repository.ts'

/*
 * What lies in the packs of a repository and who needs it, as restic's own low-level commands tell it. Of a small
 * repository: every directory of every snapshot costs a restic.
 */

interface Blob {
  id: string
  type: 'data' | 'tree'
  offset: number
}

interface Node {
  content?: string[]
  subtree?: string
}

/** A piece in a pack: its name, and where it begins. */
export interface Piece {
  name: string
  offset: number
}

/** Of every pack, by its id: the pieces in it. */
export function piecesOfPacks(repository: string): Map<string, Piece[]> {
  const ask = (words: string[]): string => restic(repository, [...words, '--no-lock', '--no-cache'])
  const indexes = ask(['list', 'index']).split('\n').filter(Boolean)
  const packs = indexes.flatMap((id) => (JSON.parse(ask(['cat', 'index', id])) as { packs: Pack[] }).packs)
  return new Map(packs.map(({ id, blobs }) => [id, blobs.map((blob) => ({ name: nameOf(blob), offset: blob.offset }))]))
}

interface Pack {
  id: string
  blobs: Blob[]
}

/** Of every part of every snapshot of ours, and of its manifest: the pieces that reading it takes. */
export function piecesOfParts(repository: string): { id: string; part: string; pieces: Set<string> }[] {
  return snapshotsIn(repository).map(({ tags = [], tree }) => {
    const tag = (name: string): string | undefined => tags.find((one) => one.startsWith(`${name}=`))?.split('=')[1]
    return {
      id: tag('angee-snapshot') ?? '',
      part: tag('angee-part') ?? 'manifest',
      pieces: new Set(piecesOfTree(repository, tree)),
    }
  })
}

function piecesOfTree(repository: string, id: string): string[] {
  const { nodes } = JSON.parse(restic(repository, ['cat', 'blob', id, '--no-lock', '--no-cache'])) as { nodes: Node[] }
  const own = nodes.flatMap(({ content }) => (content ?? []).map((piece) => nameOf({ type: 'data', id: piece })))
  const below = nodes.flatMap(({ subtree }) => (subtree === undefined ? [] : piecesOfTree(repository, subtree)))
  return [nameOf({ type: 'tree', id }), ...own, ...below]
}

function nameOf({ type, id }: Pick<Blob, 'type' | 'id'>): string {
  return `${type} ${id}`
}
