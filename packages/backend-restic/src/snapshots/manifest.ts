import { buffer } from 'node:stream/consumers'
import { AngeeError, type Context, isAngeeError, type SnapshotManifest, snapshotFormat } from '@angee/core'
import type { Restic } from '../program/restic.ts'
import { committed, type Listing, listStored, type Stored } from './listing.ts'
import { requireId } from './tags.ts'

export const manifestName = 'manifest.json'

/** Reads manifests, and keeps what it has read: a restic snapshot never changes. */
export interface Manifests {
  /** SNAPSHOT_CORRUPT, FORMAT_TOO_NEW. */
  read(stored: Stored, ctx: Context): Promise<SnapshotManifest>
}

export function manifestsOf(restic: Restic): Manifests {
  const texts = new Map<string, string>()
  return {
    read: async (stored, ctx) => {
      const known = texts.get(stored.resticId)
      const words = ['dump', stored.resticId, `/${manifestName}`, '--json', '--no-lock']
      const text = known ?? (await buffer(restic.output(words, ctx))).toString()
      const manifest = parseManifest(text, stored.id)
      texts.set(stored.resticId, text)
      return manifest
    },
  }
}

/** What is written of a manifest. */
export function manifestBytes(manifest: SnapshotManifest): Buffer {
  return Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`)
}

/** Finds and reads the manifest of a snapshot. SNAPSHOT_NOT_FOUND, SNAPSHOT_CORRUPT, FORMAT_TOO_NEW. */
export async function findSnapshot(
  restic: Restic,
  manifests: Manifests,
  id: string,
  ctx: Context,
): Promise<{ manifest: SnapshotManifest; stored: Stored; listing: Listing }> {
  const upper = requireId(id)
  const listing = await listOrNothing(restic, upper, ctx)
  const stored = committed(listing, upper)
  if (stored) return { manifest: await manifests.read(stored, ctx), stored, listing }
  throw listing.stored.length > 0 && listing.unreadable.length > 0
    ? hidden(upper, listing.unreadable[0]?.problem ?? '')
    : notFound(upper, restic.place.location)
}

/** The same as `listStored`, and nothing where there is no repository yet. */
export async function listOrNothing(restic: Restic, id: string | undefined, ctx: Context): Promise<Listing> {
  try {
    return await listStored(restic, id, ctx)
  } catch (error) {
    if (!isAngeeError(error, 'REPOSITORY_NOT_FOUND')) throw error
    return { stored: [], unreadable: [] }
  }
}

function parseManifest(text: string, id: string): SnapshotManifest {
  let manifest: Partial<SnapshotManifest>
  try {
    manifest = JSON.parse(text) as Partial<SnapshotManifest>
  } catch (cause) {
    throw corrupt(`the manifest of snapshot ${id} is no JSON`, cause)
  }
  if (typeof manifest.format === 'number' && manifest.format > snapshotFormat) {
    throw new AngeeError(
      'FORMAT_TOO_NEW',
      `snapshot ${id} has format ${manifest.format}, and this angee knows up to ${snapshotFormat}`,
      {
        hint: 'Install a newer @angee/cli. Nothing has been changed.',
        context: { format: manifest.format, known: snapshotFormat },
      },
    )
  }
  if (manifest.id === id && Array.isArray(manifest.parts)) return manifest as SnapshotManifest
  throw corrupt(`the manifest of snapshot ${id} belongs to snapshot ${manifest.id}`)
}

function corrupt(message: string, cause?: unknown): AngeeError {
  return new AngeeError('SNAPSHOT_CORRUPT', message, {
    hint: 'Use another snapshot, and check the storage this one lies on.',
    cause,
  })
}

/** Its parts are there, and its manifest may be one of those that restic cannot load. */
function hidden(id: string, problem: string): AngeeError {
  return corrupt(
    `the manifest of snapshot ${id} cannot be found, and not all of the repository can be read: ${problem}`,
  )
}

function notFound(id: string, location: string): AngeeError {
  return new AngeeError('SNAPSHOT_NOT_FOUND', `there is no snapshot ${id} in ${location}`, {
    hint: 'List those there are: angee stack backup ls. If the catalog is wrong: angee stack backup reindex',
    context: { id },
  })
}
