import { AngeeError, type Manifest, resolveScope } from '@angee/core'
import { parse } from 'yaml'
import { setInYaml } from './yaml-text.ts'

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
  text: string,
  { services }: Manifest,
  { snapshot, only }: RestoreRequest,
  stack: string,
): { text: string; job: string } {
  const jobs = jobsOf(text)
  const declared = Object.keys(jobs).find((name) => jobs[name]?.restore !== undefined)
  const job = declared ?? freeName(jobs, services)
  const restore = { snapshot, stack, ...(only === undefined ? {} : { only: [...only] }) }
  const hooked = services.filter(({ hook }) => hook).map(({ name }) => name)
  if (declared !== undefined) {
    const filled = Object.entries(restore).reduce(
      (all, [key, value]) => setInYaml(all, ['jobs', declared, 'restore', key], value),
      text,
    )
    return { text: filled, job }
  }
  const value = { restore, ...(hooked.length === 0 ? {} : { depends_on: hooked }) }
  return { text: setInYaml(text, ['jobs', job], value), job }
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

type Jobs = Readonly<Record<string, { restore?: unknown } | null>>

function jobsOf(text: string): Jobs {
  const { jobs } = (parse(text) ?? {}) as { jobs?: Jobs }
  return jobs ?? {}
}

/** `restore`, unless the template has a service or a job of that name that does something else. */
function freeName(jobs: Jobs, services: Manifest['services']): string {
  const isTaken = (name: string): boolean => name in jobs || services.some((service) => service.name === name)
  return ['restore', 'restore-snapshot', 'angee-restore'].find((name) => !isTaken(name)) ?? 'angee-restore-job'
}
