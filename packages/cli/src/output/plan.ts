import { join } from 'node:path'
import type { RestorePlan, RestoreRequest } from '@angee/core'
import type { Surface } from '../surface.ts'
import { describeSnapshot } from './describe.ts'
import { formatBytes } from './format.ts'
import { plainText } from './style.ts'
import { formatTable } from './table.ts'

interface PlannedPart {
  part: string
  action: 'replace' | 'create' | 'empty' | 'load' | 'keep' | 'skip'
  bytes: number
  /** Where it goes, or why nothing happens. */
  detail: string
  keep: readonly string[]
}

/** What a restore will do, as data. */
export function planDocument(plan: RestorePlan, request: RestoreRequest, root: string): object {
  return {
    snapshot: plan.manifest.id,
    root,
    parts: plannedParts(plan),
    bytes: plan.bytes,
    space: plan.space,
    services: { stopped: plan.stops, started: startedForHooks(plan) },
    safety: savedFirst(plan, request),
  }
}

/** What a restore will do, for a person. */
export function formatPlan(plan: RestorePlan, request: RestoreRequest, root: string, surface: Surface): string {
  const parts = plannedParts(plan)
  const table = formatTable(
    parts,
    [
      { title: 'PART', value: ({ part }) => plainText(part), shrinks: true },
      { title: 'ACTION', value: ({ action }) => action },
      { title: 'SIZE', value: ({ action, bytes }) => sizeOf(action, bytes), align: 'right', optional: 1 },
      { title: 'WHERE OR WHY', value: ({ detail }) => plainText(detail) },
    ],
    surface.columns,
  )
  const stays = parts.flatMap(({ part, keep }) => keep.map((path) => `${path} inside ${part} stays as it is`))
  const lines = [
    ...stays,
    plan.stops.length === 0 ? 'No running service is stopped.' : `Stopped and started again: ${plan.stops.join(', ')}`,
    ...startedForHooks(plan).map((service) => `Started for its hook: ${service}`),
    `Fetched: ${formatBytes(plan.bytes)}; free on that disk: ${formatBytes(plan.space.free)}`,
    safetyLine(plan, request),
  ]
  const head = `Restore ${describeSnapshot(plan.manifest, Date.now())}\ninto    ${plainText(root)}`
  return `${head}\n\n${table}\n${lines.map((line) => `${plainText(line)}\n`).join('')}`
}

function plannedParts(plan: RestorePlan): PlannedPart[] {
  const replaced = new Set(plan.trees.map(({ target }) => target))
  const trees = plan.trees.map(({ part, stored, target, exists, keep }): PlannedPart => {
    const bytes = stored?.tree?.bytes ?? stored?.raw.bytes ?? 0
    const action = stored === undefined ? 'empty' : exists ? 'replace' : 'create'
    return {
      part: part.id,
      action,
      bytes,
      detail: target,
      keep: exists ? keep.filter((path) => !replaced.has(join(target, path))) : [],
    }
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

function sizeOf(action: PlannedPart['action'], bytes: number): string {
  return action === 'keep' || action === 'skip' || action === 'empty' ? '-' : formatBytes(bytes)
}

/** Hooked services that do not run now and have to, for their dump to be loaded. */
function startedForHooks({ streams, services }: RestorePlan): string[] {
  return streams
    .map(({ part }) => part.service)
    .filter((service) => services.some((one) => one.service === service && one.canStart && one.state !== 'running'))
}

/** The parts a safety snapshot will hold; none when nothing is there to save, or on request. */
function savedFirst(plan: RestorePlan, { withoutSafety }: RestoreRequest): string[] {
  if (withoutSafety === true) return []
  return [...plan.trees, ...plan.streams].filter(({ empty }) => !empty).map(({ part }) => part.id)
}

function safetyLine(plan: RestorePlan, request: RestoreRequest): string {
  if (request.withoutSafety === true) return 'Safety snapshot first: NO (--no-safety); there will be no way back'
  const saved = savedFirst(plan, request)
  if (saved.length === 0) return 'Safety snapshot first: not needed, there is nothing to save'
  return `Safety snapshot first: yes, of ${saved.join(', ')}`
}
