import type { Exclusion, SnapshotPlan, Stack } from '@angee/core'
import { commandLine, type Surface } from '../surface.ts'
import { plainText } from './style.ts'
import { formatTable } from './table.ts'

const reasons: Record<Exclusion['reason'], string> = {
  secrets: 'secrets are captured only on request, as a part of their own',
  run: 'run-time state',
  backend: 'snapshots themselves lie there',
  covered: 'a dump stands for it',
  nested: 'a part of its own',
  staging: 'left by a restore',
}

/** What a snapshot would hold, as data. */
export function scopeDocument(stack: Stack, plan: SnapshotPlan): object {
  return {
    stack: { name: stack.name, root: stack.place.root },
    location: stack.backend.location,
    parts: [
      ...plan.trees.map(({ part, directory }) => ({ part: part.id, kind: 'tree', directory, exclude: part.exclude })),
      ...plan.streams.map(({ id, service, covers, hook }) => ({
        part: id,
        kind: 'stream',
        service,
        covers,
        quiesce: hook.quiesce,
      })),
      ...(plan.secrets ? [{ part: plan.secrets.id, kind: 'file', file: plan.secrets.file }] : []),
    ],
    unwanted: plan.unwanted.map(({ id }) => id),
  }
}

/** What a snapshot would hold, for a person. */
export function formatScope(stack: Stack, plan: SnapshotPlan, surface: Surface): string {
  const rows = [
    ...plan.trees.map(({ part, directory }) => ({ part: part.id, from: directory })),
    ...plan.streams.map(({ id, service }) => ({ part: id, from: `the dump of service ${service}` })),
    ...(plan.secrets ? [{ part: plan.secrets.id, from: `${plan.secrets.file}, encrypted` }] : []),
  ]
  const table = formatTable(
    rows,
    [
      { title: 'PART', value: ({ part }) => part, shrinks: true },
      { title: 'FROM', value: ({ from }) => plainText(from) },
    ],
    surface.columns,
  )
  const notes = [
    ...plan.excluded.map(({ part, path, reason }) => `left out of ${part}: ${path} (${reasons[reason]})`),
    ...plan.streams.flatMap(({ id, covers }) => covers.map((path) => `${id} stands for ${path || '.'}`)),
    ...plan.streams.flatMap(({ service, hook }) => quiesceNote(service, hook.quiesce)),
    ...plan.unwanted.map(({ id }) => `${id} is not asked for`),
  ]
  const listed = notes.length === 0 ? '' : `\n${notes.map((note) => `  ${plainText(note)}\n`).join('')}`
  return (
    `A snapshot of ${plainText(stack.name)} (${plainText(stack.place.root)}) into ${plainText(stack.backend.location)} would hold:\n\n` +
    `${table}${listed}\nNothing was changed. Take it with: ${commandLine(surface, 'stack backup')}\n`
  )
}

function quiesceNote(service: string, quiesce: 'none' | 'pause' | 'stop'): string[] {
  if (quiesce === 'none') return []
  return [`service ${service} is ${quiesce === 'pause' ? 'paused' : 'stopped'} while files are captured`]
}
