import type { PlannedPart, PlanSummary } from '@angee/core'
import type { Surface } from '../surface.ts'
import { describeSnapshot } from './describe.ts'
import { formatBytes } from './format.ts'
import { plainText } from './style.ts'
import { formatTable } from './table.ts'

/** What a restore will do, as data. */
export function planDocument({ snapshot, root, parts, bytes, space, services, safety }: PlanSummary): object {
  return { snapshot: snapshot.id, root, parts, bytes, space, services, safety: safety.parts }
}

/** What a restore will do, for a person. */
export function formatPlan(plan: PlanSummary, surface: Surface): string {
  const table = formatTable(
    plan.parts,
    [
      { title: 'PART', value: ({ part }) => plainText(part), shrinks: true },
      { title: 'ACTION', value: ({ action }) => action },
      { title: 'SIZE', value: ({ action, bytes }) => sizeOf(action, bytes), align: 'right', optional: 1 },
      { title: 'WHERE OR WHY', value: ({ detail }) => plainText(detail) },
    ],
    surface.columns,
  )
  const { stopped, started } = plan.services
  const lines = [
    ...plan.parts.flatMap(({ part, keep }) => keep.map((path) => `${path} inside ${part} stays as it is`)),
    stopped.length === 0 ? 'No running service is stopped.' : `Stopped and started again: ${stopped.join(', ')}`,
    ...started.map((service) => `Started for its hook: ${service}`),
    `Fetched: ${formatBytes(plan.bytes)}; free on that disk: ${formatBytes(plan.space.free)}`,
    safetyLine(plan),
  ]
  const head = `Restore ${describeSnapshot(plan.snapshot, Date.now())}\ninto    ${plainText(plan.root)}`
  return `${head}\n\n${table}\n${lines.map((line) => `${plainText(line)}\n`).join('')}`
}

function sizeOf(action: PlannedPart['action'], bytes: number): string {
  return action === 'keep' || action === 'skip' || action === 'empty' ? '-' : formatBytes(bytes)
}

function safetyLine({ safety }: PlanSummary): string {
  if (!safety.wanted) return 'Safety snapshot first: NO (--no-safety); there will be no way back'
  if (safety.parts.length === 0) return 'Safety snapshot first: not needed, there is nothing to save'
  return `Safety snapshot first: yes, of ${safety.parts.join(', ')}`
}
