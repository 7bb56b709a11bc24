import { join } from 'node:path'
import type { RestorePlan, RestoreRequest } from './plan.ts'

/** What a restore will do, for people and programs: the plan without what only its execution needs. */
export interface PlanSummary {
  snapshot: { id: string; name?: string; createdAt: string }
  /** The stack root. */
  root: string
  parts: PlannedPart[]
  /** Bytes to be fetched, before compression. */
  bytes: number
  space: { directory: string; needed: number; free: number }
  services: {
    /** Stopped, and started again. */
    stopped: string[]
    /** Do not run now, and have to for their dump to be loaded. */
    started: string[]
  }
  safety: {
    /** False when the request wants no safety snapshot. */
    wanted: boolean
    /** Its parts; none when nothing is there to save. */
    parts: string[]
  }
}

export interface PlannedPart {
  part: string
  action: 'replace' | 'create' | 'empty' | 'load' | 'keep' | 'skip'
  bytes: number
  /** Where it goes, or why nothing happens. */
  detail: string
  /** Sub-paths that stay as they are. */
  keep: string[]
}

/** Puts a plan into words. `root` is the stack root. */
export function summarizePlan(plan: RestorePlan, request: RestoreRequest, root: string): PlanSummary {
  const { id, name, createdAt } = plan.manifest
  const wanted = request.withoutSafety !== true
  const saved = [...plan.trees, ...plan.streams].filter(({ empty }) => !empty).map(({ part }) => part.id)
  return {
    snapshot: { id, ...(name === undefined ? {} : { name }), createdAt },
    root,
    parts: plannedParts(plan),
    bytes: plan.bytes,
    space: plan.space,
    services: { stopped: plan.stops, started: startedForHooks(plan) },
    safety: { wanted, parts: wanted ? saved : [] },
  }
}

function plannedParts(plan: RestorePlan): PlannedPart[] {
  const replaced = new Set(plan.trees.map(({ target }) => target))
  const trees = plan.trees.map(({ part, stored, target, exists, keep }): PlannedPart => {
    const bytes = stored?.tree?.bytes ?? stored?.raw.bytes ?? 0
    const action = stored === undefined ? 'empty' : exists ? 'replace' : 'create'
    const stays = exists ? keep.filter((path) => !replaced.has(join(target, path))) : []
    return { part: part.id, action, bytes, detail: target, keep: stays }
  })
  const streams = plan.streams.map(({ part, stored }): PlannedPart => {
    const detail = `into service ${part.service}, by its restore hook`
    return { part: part.id, action: 'load', bytes: stored.raw.bytes, detail, keep: [] }
  })
  const kept = plan.kept.map(({ part, reason }): PlannedPart => {
    return { part, action: 'keep', bytes: 0, detail: reason, keep: [] }
  })
  const touched = new Set([...trees, ...streams, ...kept].map(({ part }) => part))
  const skipped = plan.manifest.parts
    .filter(({ part }) => !touched.has(part))
    .map(({ part }): PlannedPart => ({ part, action: 'skip', bytes: 0, detail: 'not asked for', keep: [] }))
  return [...trees, ...streams, ...kept, ...skipped]
}

function startedForHooks({ streams, services }: RestorePlan): string[] {
  return streams
    .map(({ part }) => part.service)
    .filter((service) => services.some((one) => one.service === service && one.canStart && one.state !== 'running'))
}
