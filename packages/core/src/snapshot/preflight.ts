import type { Context, Exclusion } from '../contract/index.ts'
import { AngeeError } from '../errors/index.ts'
import type { ScopePart, SecretsPart, StreamPart, TreePart } from '../scope/index.ts'
import { type Stack, stackStatus } from '../stack/index.ts'
import { liveDirectory } from '../stack/live-directory.ts'
import { requireEncryption, secretsPart } from './secrets.ts'

/** What a snapshot is asked to hold. */
export interface WantedParts {
  /** Part ids; the whole scope when absent. A snapshot of less than the scope is `partial`. */
  only?: readonly string[]
  /** The secrets file too. The backend has to encrypt. */
  includeSecrets?: boolean
}

/** What will be captured, checked against the world. */
export interface SnapshotPlan {
  trees: { part: TreePart; directory: string }[]
  streams: StreamPart[]
  /** The secrets file, on request. */
  secrets?: SecretsPart
  excluded: Exclusion[]
  /** Parts of the scope that are left out on request. */
  unwanted: ScopePart[]
}

/** Name of the directory that restores stage in when they cannot stage in the stack's own; never captured. */
export const stagingName = '.angee-restore'

/**
 * Checks, before anything is started, all that can be known: directories exist and stay inside, runtimes answer, hooked
 * services run, the backend can be written, and encrypts where secrets go into it. PERSIST_MISSING, SCOPE_EMPTY,
 * SERVICE_NOT_RUNNING, PART_UNKNOWN, USAGE and the adapters' own errors.
 */
export async function planSnapshot(
  stack: Stack,
  { only, includeSecrets }: WantedParts,
  ctx: Context,
): Promise<SnapshotPlan> {
  if (includeSecrets) requireEncryption(stack.backend)
  const secrets = includeSecrets ? secretsPart(stack) : undefined
  const ofScope = only?.filter((id) => id !== secrets?.id)
  const wanted = chooseParts(stack.scope, ofScope)
  if (wanted.length === 0 && !secrets) {
    throw new AngeeError('SCOPE_EMPTY', `${stack.place.manifestFile} declares nothing to snapshot`, {
      hint: 'Add a directory under persist:, or a backup: hook to a service.',
    })
  }
  const trees = await Promise.all(
    wanted
      .filter((part) => part.kind === 'tree')
      .map(async (part) => ({ part, directory: await existing(stack, part) })),
  )
  const streams = wanted.filter((part) => part.kind === 'stream')
  await requireReady(stack, streams, ctx)
  await stack.backend.preflight(ctx)
  return {
    trees,
    streams,
    ...(secrets === undefined ? {} : { secrets }),
    excluded: trees.flatMap(({ part }) => part.exclude.map(({ path, reason }) => ({ part: part.id, path, reason }))),
    unwanted: stack.scope.filter((part) => !wanted.includes(part)),
  }
}

/** The parts of a scope named by `only` (all when undefined). PART_UNKNOWN names those there are. */
export function chooseParts(scope: readonly ScopePart[], only: readonly string[] | undefined): ScopePart[] {
  if (only === undefined) return [...scope]
  const unknown = only.find((id) => !scope.some((part) => part.id === id))
  if (unknown !== undefined) {
    throw new AngeeError('PART_UNKNOWN', `there is no part "${unknown}"`, {
      hint: `Parts: ${scope.map(({ id }) => id).join(', ') || 'none'}.`,
      context: { part: unknown },
    })
  }
  return scope.filter(({ id }) => only.includes(id))
}

async function existing(stack: Stack, part: TreePart): Promise<string> {
  const directory = await liveDirectory(stack, part)
  if (directory !== undefined) return directory
  throw new AngeeError('PERSIST_MISSING', `persist.${part.name}: the directory ${part.path || '.'} does not exist`, {
    hint: `Make it (mkdir -p ${part.path}) if it is right that it is empty, or correct persist.${part.name}.subpath.`,
    context: { persist: part.name, base: stack.place.base },
  })
}

async function requireReady(stack: Stack, streams: readonly StreamPart[], ctx: Context): Promise<void> {
  if (streams.length === 0) return
  for (const kind of new Set(streams.map(({ runtime }) => runtime)))
    await (await stack.runtimes.get(kind)).preflight(ctx)
  const statuses = await stackStatus(stack.runtimes, ctx)
  for (const { service, runtime } of streams) {
    const status = statuses.find((one) => one.service === service && one.kind === runtime)
    const hooksAreAll = status?.canStart === false && status.canExec
    if (status?.state === 'running' || hooksAreAll) continue
    throw new AngeeError(
      'SERVICE_NOT_RUNNING',
      `service ${service} has a hook and is ${status?.state ?? 'unknown to its runtime'}`,
      {
        hint: `Start ${service} and run again, or leave it out with --only.`,
        context: { service, state: status?.state ?? 'unknown' },
        retry: 'later',
      },
    )
  }
}
