import { AngeeError, type Context } from '@angee/core'
import { failure, meaningOf } from '../program/failure.ts'
import type { Restic } from '../program/restic.ts'
import { type OurTags, readTags } from './tags.ts'

/** A restic snapshot of ours: a part, or the manifest that commits. */
export interface Stored extends OurTags {
  /** restic's own id: the SHA-256 of the file that holds it, 64 hex digits. */
  resticId: string
  /** When restic began it: ISO 8601. */
  time: string
  /** The id of its topmost directory. */
  tree: string
  /** The directory or file it was made of, as restic saw it. */
  path: string
  /** What restic read for it, and what it had to store. */
  bytesRead: number
  bytesAdded: number
}

/** Everything of ours that a repository holds. Foreign restic snapshots are not among it. */
export interface Listing {
  stored: readonly Stored[]
  /** Files of restic snapshots, ours or foreign, that cannot be read any more. */
  unreadable: readonly { resticId: string; problem: string }[]
}

interface ResticSnapshot {
  id: string
  time: string
  tree: string
  tags?: string[]
  paths?: string[]
  summary?: { total_bytes_processed?: number; data_added_packed?: number }
}

/**
 * Lists what lies in the repository; with an id, only what belongs to that snapshot. REPOSITORY_NOT_FOUND. restic itself
 * ends well when it could not load one of them and only says so: what is not damage fails the listing here.
 */
export async function listStored(restic: Restic, id: string | undefined, ctx: Context): Promise<Listing> {
  return readListing(restic, ['--no-lock', ...(id === undefined ? [] : ['--tag', `angee-snapshot=${id}`])], ctx)
}

/** The same for all of them under a lock, which proves that the repository can be written. LOCKED. */
export async function listUnderLock(restic: Restic, options: readonly string[], ctx: Context): Promise<Listing> {
  return readListing(restic, options, ctx)
}

async function readListing(restic: Restic, options: readonly string[], ctx: Context): Promise<Listing> {
  const { stdout, sayings } = await restic.call(['snapshots', '--json', ...options], ctx)
  const unreadable = sayings.lines.flatMap((line) => {
    const [, resticId, problem = ''] = /^Ignoring "([0-9a-f]{64})": (.*)$/.exec(line) ?? []
    if (resticId === undefined) return []
    if (meaningOf(problem)?.code === 'SNAPSHOT_CORRUPT') return [{ resticId, problem }]
    throw failure(
      { command: 'snapshots', exitCode: undefined, signal: undefined, sayings: { ...sayings, exitError: problem } },
      restic.place,
    )
  })
  return { stored: parseSnapshots(stdout).flatMap(ours), unreadable }
}

function parseSnapshots(stdout: string): ResticSnapshot[] {
  try {
    return (JSON.parse(stdout) as ResticSnapshot[] | null) ?? []
  } catch (cause) {
    throw new AngeeError('BACKEND_FAILED', 'restic ended well, and its list of snapshots cannot be read', {
      hint: 'Run "restic snapshots --json" on the repository and see what it says.',
      cause,
      retry: 'later',
    })
  }
}

function ours({ id, time, tree, tags = [], paths = [], summary = {} }: ResticSnapshot): Stored[] {
  const read = readTags(tags)
  if (!read) return []
  return [
    {
      ...read,
      resticId: id,
      time,
      tree,
      path: paths[0] ?? '',
      bytesRead: summary.total_bytes_processed ?? 0,
      bytesAdded: summary.data_added_packed ?? 0,
    },
  ]
}

/**
 * The manifest of a snapshot, or undefined while it is not committed. Two writers of one id on two machines could both
 * commit at one moment: then the one that began first is the snapshot, for every reader.
 */
export function committed(listing: Listing, id: string): Stored | undefined {
  return listing.stored
    .filter((one) => one.id === id && one.manifestBytes !== undefined && one.manifestBytes === one.bytesRead)
    .toSorted((a, b) => compare(a.time, b.time) || compare(a.resticId, b.resticId))[0]
}

/** The ids of all committed snapshots. */
export function committedIds(listing: Listing): string[] {
  return [...new Set(listing.stored.map(({ id }) => id))].filter((id) => committed(listing, id) !== undefined)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
