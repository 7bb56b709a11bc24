import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { Context, PartId, PreviousTree, SnapshotManifest, StoredPart, TreeSource } from '../contract/index.ts'
import type { Stack } from '../stack/index.ts'

/*
 * What the last complete snapshot knew of each tree, below the state directory:
 *
 *   trees/persist.<name>.json           which snapshot holds it, in which backend, and the name of the other file
 *   trees/persist.<name>.<id>.entries   what the tree tools remember of its entries (TreeMemory)
 *
 * The first one is replaced only when the snapshot is committed, and makes the switch. Nothing here is needed: what is
 * missing, damaged or of another version counts as none, and the trees are read in full.
 */
interface Recalled extends PreviousTree {
  format: typeof format
  backend: { type: string; location: string }
  /** Name of the file of entries. */
  entries: string
}

const format = 1
const directoryName = 'trees'

/** A part that is byte for byte what an earlier snapshot holds. */
export interface UnchangedPart {
  part: PartId
  /** The snapshot. */
  since: string
}

/**
 * What is remembered of a tree, for a capture in the snapshot `id`. With `reuse` false nothing is, so that all of it is
 * read, and remembered for the next time. Undefined where the backend has no use for it, or it cannot be had.
 */
export async function recallTree(
  stack: Stack,
  part: PartId,
  id: string,
  reuse: boolean,
  ctx: Context,
): Promise<Pick<TreeSource, 'previous' | 'memory'> | undefined> {
  if (!stack.backend.capabilities.incremental) return undefined
  try {
    await stack.files.makeDirectory(directoryOf(stack))
    const recalled = await readRecalled(stack, part)
    // An operation that failed or was killed has left its own behind.
    await removeEntries(stack, part, recalled?.entries)
    const next = join(directoryOf(stack), entriesName(part, id))
    if (!recalled || !reuse) return { memory: { next } }
    const previous = { id: recalled.id, stored: recalled.stored }
    return { previous, memory: { last: join(directoryOf(stack), recalled.entries), next } }
  } catch (error) {
    ctx.logger.warn(`what was seen of ${part} is not remembered`, { error: String(error) })
    return undefined
  }
}

/**
 * Keeps what the captures of a committed snapshot have remembered, if it is complete. Returns the parts that are what
 * the last complete snapshot held. Never rejects: the snapshot is safe, and what is not kept is read in full next time.
 */
export async function keepMemories(stack: Stack, manifest: SnapshotManifest, ctx: Context): Promise<UnchangedPart[]> {
  const unchanged: UnchangedPart[] = []
  for (const stored of manifest.parts) {
    if (stored.kind !== 'tree') continue
    try {
      const since = await keepMemory(stack, manifest, stored)
      if (since !== undefined) unchanged.push({ part: stored.part, since })
    } catch (error) {
      ctx.logger.warn(`what was seen of ${stored.part} is not remembered`, { error: String(error) })
    }
  }
  if (manifest.status === 'complete') await forgetOthers(stack, manifest).catch(() => undefined)
  return unchanged
}

/** The snapshot that held the same part before, if any. */
async function keepMemory(
  stack: Stack,
  { id, status }: SnapshotManifest,
  stored: StoredPart,
): Promise<string | undefined> {
  if (!stack.backend.capabilities.incremental) return undefined
  const { part } = stored
  const recalled = await readRecalled(stack, part)
  const same = recalled !== undefined && isDeepStrictEqual(recalled.stored, stored)
  const fresh = entriesName(part, id)
  const wasRead = (await stack.files.facts(join(directoryOf(stack), fresh))) !== undefined
  // Entries that were remembered with the same bytes are right for these, whichever snapshot holds them.
  const entries = wasRead ? fresh : same ? recalled.entries : undefined
  if (status === 'complete' && entries !== undefined) await writeRecalled(stack, { id, stored, entries })
  await removeEntries(stack, part, (await readRecalled(stack, part))?.entries)
  return same ? recalled.id : undefined
}

async function readRecalled(stack: Stack, part: PartId): Promise<Recalled | undefined> {
  const found = await stack.store.get(recalledKey(part))
  const recalled = found && openSealed(found.bytes)
  const backend = { type: stack.backend.type, location: stack.backend.location }
  const usable = recalled?.format === format && recalled.stored.part === part
  return usable && isDeepStrictEqual(recalled.backend, backend) ? recalled : undefined
}

async function writeRecalled(
  { store, backend }: Stack,
  { id, stored, entries }: Pick<Recalled, 'id' | 'stored' | 'entries'>,
): Promise<void> {
  const key = recalledKey(stored.part)
  const value: Recalled = {
    format,
    id,
    backend: { type: backend.type, location: backend.location },
    entries,
    stored,
  }
  await store.put(key, sealed(value), (await store.get(key))?.version)
}

/** Removes the files of entries of a part, but for that of the name `kept`. */
async function removeEntries(stack: Stack, part: PartId, kept: string | undefined): Promise<void> {
  const own = `${stemOf(part)}.`
  await removeFiles(
    stack,
    (name) => name.startsWith(own) && /^[0-9A-Z]{26}\.entries$/.test(name.slice(own.length)) && name !== kept,
  )
}

/** Removes what is remembered of parts that the stack no longer has. */
async function forgetOthers(stack: Stack, { parts }: SnapshotManifest): Promise<void> {
  const stems = parts.map(({ part }) => stemOf(part))
  await removeFiles(stack, (name) => {
    const [, stem] = /^(.+?)(?:\.json|\.[0-9A-Z]{26}\.entries)$/.exec(name) ?? []
    return stem !== undefined && !stems.includes(stem)
  })
}

async function removeFiles(stack: Stack, isDoomed: (name: string) => boolean): Promise<void> {
  for (const name of await stack.files.names(directoryOf(stack))) {
    if (isDoomed(name.toString())) await stack.files.removeFile(join(directoryOf(stack), name.toString()))
  }
}

/** One line of JSON and the SHA-256 of it. */
function sealed(value: Recalled): Buffer {
  const text = JSON.stringify(value)
  return Buffer.from(`${text}\n${digestOf(text)}\n`)
}

function openSealed(bytes: Buffer): Recalled | undefined {
  const [text = '', digest] = bytes.toString().split('\n')
  return digest === digestOf(text) ? (JSON.parse(text) as Recalled) : undefined
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function recalledKey(part: PartId): string {
  return `${directoryName}/${stemOf(part)}.json`
}

function entriesName(part: PartId, id: string): string {
  return `${stemOf(part)}.${id}.entries`
}

function directoryOf({ place }: Stack): string {
  return join(place.stateDirectory, directoryName)
}

function stemOf(part: PartId): string {
  return part.replace('/', '.')
}
