import { AngeeError, type Manifest, resolveScope } from '@angee/core'
import { type Document, isMap } from 'yaml'

/** The snapshot that a workspace begins with. */
export interface RestoreRequest {
  /** Its whole id. */
  snapshot: string
  /** Parts to restore; all of them unless given. */
  only?: readonly string[]
  /** The parts the snapshot has, where they are known: the new stack must have a place for each. */
  parts?: readonly string[]
}

/**
 * Writes the job that restores the snapshot: into the one that the template brings for it, else as `jobs.restore`. It
 * waits for every service with a hook. `stack` is where the snapshot lies, relative to the new stack. Returns its name.
 */
export function addRestoreJob(
  document: Document,
  manifest: Manifest,
  { snapshot, only }: RestoreRequest,
  stack: string,
): string {
  const declared = declaredJob(document)
  const job = declared ?? freeName(document)
  const restore = { snapshot, stack, ...(only === undefined ? {} : { only: [...only] }) }
  if (declared !== undefined) {
    for (const [key, value] of Object.entries(restore))
      document.setIn(['jobs', declared, 'restore', key], document.createNode(value, { flow: true }))
    return declared
  }
  const hooked = manifest.services.filter(({ hook }) => hook).map(({ name }) => name)
  if (!isMap(document.get('jobs'))) document.set('jobs', document.createNode({}))
  const node = document.createNode({ restore, ...(hooked.length === 0 ? {} : { depends_on: hooked }) })
  node.commentBefore = ' Puts the data of a snapshot in place, once, before what depends on it starts.'
  document.setIn(['jobs', job], node)
  return job
}

/** RESTORE_CONFLICT when the snapshot has parts for which the stack has no place. */
export function checkParts(manifest: Manifest, root: string, { snapshot, only, parts }: RestoreRequest): void {
  if (parts === undefined) return
  const wanted = parts.filter((part) => only === undefined || only.includes(part))
  const places = resolveScope(manifest, { root, backend: undefined }).map(({ id }) => String(id))
  const homeless = wanted.filter((part) => !places.includes(part))
  const absent = (only ?? []).filter((part) => !parts.includes(part))
  if (absent.length > 0) {
    throw new AngeeError('PART_UNKNOWN', `snapshot ${snapshot} has no part ${absent.join(', ')}`, {
      hint: `It has: ${parts.join(', ')}.`,
      context: { snapshot, absent },
    })
  }
  if (homeless.length === 0) return
  throw new AngeeError(
    'RESTORE_CONFLICT',
    `the new stack has no place for ${homeless.join(', ')} of snapshot ${snapshot}`,
    {
      hint: `Its places: ${places.join(', ') || 'none'}. Choose others with --only PART, or another template or input.`,
      context: { snapshot, homeless, places },
    },
  )
}

function declaredJob(document: Document): string | undefined {
  const jobs: unknown = document.toJS()?.jobs
  if (typeof jobs !== 'object' || jobs === null) return undefined
  return Object.entries(jobs).find(([, job]) => typeof job === 'object' && job !== null && 'restore' in job)?.[0]
}

/** `restore`, unless the template has a service or a job of that name that does something else. */
function freeName(document: Document): string {
  const isTaken = (name: string): boolean => document.hasIn(['jobs', name]) || document.hasIn(['services', name])
  return ['restore', 'restore-snapshot', 'angee-restore'].find((name) => !isTaken(name)) ?? 'angee-restore-job'
}
