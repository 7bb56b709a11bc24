import { join } from 'node:path'
import type { BackupBackend, Context, PartId, SnapshotManifest, StoredPart } from '../contract/index.ts'
import { AngeeError } from '../errors/index.ts'
import { didYouMean } from '../manifest/index.ts'
import type { SecretsPart, StreamPart, TreePart } from '../scope/index.ts'
import { secretsPart } from '../snapshot/secrets.ts'
import { type Stack, type StackServiceStatus, stackStatus } from '../stack/index.ts'
import { liveDirectory } from '../stack/live-directory.ts'
import type { ServiceRef } from './journal-entry.ts'

export interface RestoreRequest {
  /** Id of the snapshot, in full. */
  snapshot: string
  /** Part ids; all of the snapshot when absent. */
  only?: readonly string[]
  /** Do not take a safety snapshot first. */
  withoutSafety?: boolean
  /** Accept a snapshot in which parts are missing. */
  allowPartial?: boolean
  /** Parts to empty: what they held before is nothing. Only an undo asks for this. */
  emptied?: readonly PartId[]
  /** Where the snapshot lies when not in the stack's own backend. */
  from?: BackupBackend
  /**
   * Brings up services that do not run, with all they depend on, and waits until they are healthy. Given by whoever
   * brings the stack up: what it has started then stays up. Without it they are started alone and stopped again.
   */
  bringUp?: (services: readonly ServiceRef[]) => Promise<void>
  /** Gets the plan that is about to be carried out, with the stack locked. What it throws ends the restore before it begins. */
  agree?: (plan: RestorePlan) => void
}

/** What a restore will do, part by part. The same value is printed by a dry run and carried out. */
export interface RestorePlan {
  manifest: SnapshotManifest
  trees: TreeReplacement[]
  streams: StreamReplacement[]
  /** Parts of the stack that stay as they are, with the reason. */
  kept: { part: PartId; reason: string }[]
  /** Services as they are now. */
  services: StackServiceStatus[]
  /** Running services that are stopped while files are swapped, and started again. */
  stops: string[]
  /** Bytes to be fetched, before compression. */
  bytes: number
  space: { directory: string; needed: number; free: number }
}

export interface TreeReplacement {
  /** The secrets file goes the way of trees: staged beside, and renamed into place. */
  part: TreePart | SecretsPart
  /** Absent: the tree is emptied, the secrets file removed. */
  stored?: StoredPart
  /** Where it goes: the real path of the directory, existing or not. */
  target: string
  exists: boolean
  empty: boolean
  /** Sub-paths of the target that stay in place whatever the snapshot holds. */
  keep: string[]
}

export interface StreamReplacement {
  part: StreamPart
  stored: StoredPart
  /** The service never ran here and nothing lies where its data would. */
  empty: boolean
  /**
   * It goes from the backend straight into the hook, not into a file first. Only while a stack is brought up, and only
   * where emptying the covered directories undoes it: there is nothing that a damaged dump could replace.
   */
  straight: boolean
}

/**
 * Compares a snapshot with the stack and decides what each part needs. Touches nothing.
 * SNAPSHOT_PARTIAL, PART_UNKNOWN, RESTORE_CONFLICT (a part has no place in this stack), SPACE_INSUFFICIENT.
 */
export async function planRestore(stack: Stack, request: RestoreRequest, ctx: Context): Promise<RestorePlan> {
  const manifest = await (request.from ?? stack.backend).stat(request.snapshot, ctx)
  refusePartial(manifest, request)
  const wanted = wantedParts(manifest, request.only)
  const services = await stackStatus(stack.runtimes, ctx)
  const trees: TreeReplacement[] = []
  const streams: StreamReplacement[] = []
  for (const stored of wanted) {
    const part = placeFor(stack, stored)
    if (part.kind === 'tree') trees.push(await treeReplacement(stack, manifest, part, stored))
    else if (part.kind === 'file') trees.push(await secretsReplacement(stack, part, stored))
    else {
      const empty = await isEmptyService(stack, part, services)
      streams.push({ part, stored, empty, straight: empty && part.covers.length > 0 && request.bringUp !== undefined })
    }
  }
  for (const id of request.emptied ?? []) {
    const part = stack.scope.find((one) => one.id === id)
    if (part?.kind === 'tree') trees.push(await treeReplacement(stack, manifest, part, undefined))
    const secrets = secretsPart(stack)
    if (id === secrets.id) trees.push(await secretsReplacement(stack, secrets, undefined))
  }
  const bytes = bytesOf(wanted.map((stored) => ({ stored })))
  const touched = new Set<string>([...trees, ...streams].map(({ part }) => part.id))
  return {
    manifest,
    trees,
    streams,
    kept: stack.scope
      .filter(({ id }) => !touched.has(id))
      .map(({ id }) => ({ part: id, reason: keepReason(id, manifest) })),
    services,
    stops:
      trees.length === 0
        ? []
        : services.filter(({ state }) => state === 'running' || state === 'paused').map(({ service }) => service),
    bytes,
    space: await spaceFor(stack, bytes - bytesOf(streams.filter(({ straight }) => straight))),
  }
}

function refusePartial(manifest: SnapshotManifest, { only, allowPartial }: RestoreRequest): void {
  if (manifest.status === 'complete' || only !== undefined || allowPartial === true) return
  const missing = manifest.missing.map(({ part, message }) => `${part} (${message})`).join(', ')
  throw new AngeeError('SNAPSHOT_PARTIAL', `snapshot ${manifest.id} is partial; it lacks ${missing}`, {
    hint: 'Restore the parts it has with --only PART, or accept it with --allow-partial.',
    context: { id: manifest.id, missing: manifest.missing.map(({ part }) => part) },
  })
}

function wantedParts(manifest: SnapshotManifest, only: readonly string[] | undefined): StoredPart[] {
  if (only === undefined) return manifest.parts
  const present = manifest.parts.map(({ part }): string => part)
  const unknown = only.find((id) => !present.includes(id))
  if (unknown !== undefined) {
    throw new AngeeError('PART_UNKNOWN', `snapshot ${manifest.id} has no part "${unknown}"`, {
      hint: `${didYouMean(unknown, present)}It has: ${present.join(', ')}.`,
      context: { part: unknown },
    })
  }
  return manifest.parts.filter(({ part }) => only.includes(part))
}

function placeFor(stack: Stack, stored: StoredPart): TreePart | StreamPart | SecretsPart {
  const secrets = secretsPart(stack)
  if (stored.part === secrets.id) return secrets
  const part = stack.scope.find(({ id }) => id === stored.part)
  if (part && part.kind === stored.kind) return part
  const [kind, name] = stored.part.split('/')
  const what = kind === 'persist' ? `no captured persist entry "${name}"` : `no service "${name}" with a hook`
  throw new AngeeError('RESTORE_CONFLICT', `the snapshot holds ${stored.part}, and this stack has ${what}`, {
    hint: `Declare it in ${stack.place.manifestFile}, or name the parts to restore with --only.`,
    context: { part: stored.part },
  })
}

async function treeReplacement(
  stack: Stack,
  manifest: SnapshotManifest,
  part: TreePart,
  stored: StoredPart | undefined,
): Promise<TreeReplacement> {
  const live = await liveDirectory(stack, part)
  const keptThen = manifest.excluded.filter((one) => one.part === part.id).map(({ path }) => path)
  const keep = [...new Set([...part.exclude.map(({ path }) => path), ...keptThen])]
  const names = live === undefined ? [] : await stack.files.names(live)
  return {
    part,
    ...(stored === undefined ? {} : { stored }),
    target: live ?? join(stack.place.base, part.path),
    exists: live !== undefined,
    // What stays in place, such as the covered directory of a stack that was just made, is not replaced.
    empty: names.every((name) => keep.includes(name.toString())),
    keep: keep.filter((path) => !keep.some((other) => path.startsWith(`${other}/`))),
  }
}

async function secretsReplacement(
  { files }: Stack,
  part: SecretsPart,
  stored: StoredPart | undefined,
): Promise<TreeReplacement> {
  const exists = (await files.facts(part.file)) !== undefined
  const target = exists ? await files.realpath(part.file) : part.file
  if ((await files.mountPoints()).includes(target)) {
    throw new AngeeError('RESTORE_CONFLICT', `the secrets file ${target} is a mount and cannot be replaced`, {
      hint: 'Unmount it for the restore, or name the other parts with --only.',
      context: { file: target },
    })
  }
  return { part, ...(stored === undefined ? {} : { stored }), target, exists, empty: !exists, keep: [] }
}

async function isEmptyService(
  stack: Stack,
  part: StreamPart,
  services: readonly StackServiceStatus[],
): Promise<boolean> {
  const status = services.find((one) => one.service === part.service && one.kind === part.runtime)
  if (status?.state === 'running' || status?.state === 'paused') return false
  if (part.covers.length === 0) return status === undefined || status.state === 'absent'
  const contents = await Promise.all(part.covers.map((path) => stack.files.names(join(stack.place.base, path))))
  return contents.every((names) => names.length === 0)
}

function keepReason(id: PartId, manifest: SnapshotManifest): string {
  if (manifest.parts.some(({ part }) => part === id)) return 'not asked for'
  return manifest.missing.find(({ part }) => part === id)?.message ?? 'not in the snapshot'
}

function bytesOf(parts: readonly { stored: StoredPart }[]): number {
  return parts.reduce((sum, { stored }) => sum + stored.raw.bytes, 0)
}

async function spaceFor(stack: Stack, bytes: number): Promise<RestorePlan['space']> {
  const free = await stack.files.freeBytes(stack.place.root)
  if (free >= bytes) return { directory: stack.place.root, needed: bytes, free }
  throw new AngeeError(
    'SPACE_INSUFFICIENT',
    `the restore needs ${bytes} bytes below ${stack.place.root}, and ${free} are free`,
    {
      hint: 'A restore keeps old and new side by side until it is done. Free some space, or restore parts one by one with --only.',
      context: { needed: bytes, free },
      retry: 'later',
    },
  )
}
