import type { SnapshotPlan, Stack } from '@angee/core'
import { commandLine, type Surface } from '../surface.ts'
import { plainText } from './style.ts'
import { formatTable } from './table.ts'

const reasons: Record<string, string> = {
  secrets: 'secrets are captured only on request, as a part of their own',
  run: 'run-time state',
  backend: 'snapshots themselves lie there',
  covered: 'a dump stands for it',
  nested: 'a part of its own',
  staging: 'left by a restore',
}

/** What a snapshot would hold. */
export interface ScopeFacts {
  stack: { name: string; root: string }
  /** Of the backend. */
  location: string
  parts: {
    part: string
    kind: 'tree' | 'stream' | 'file'
    directory?: string
    file?: string
    service?: string
    covers?: readonly string[]
    quiesce?: 'none' | 'pause' | 'stop'
  }[]
  excluded: { part: string; path: string; reason: string }[]
  unwanted: string[]
}

export function scopeFacts(stack: Stack, { trees, streams, secrets, excluded, unwanted }: SnapshotPlan): ScopeFacts {
  return {
    stack: { name: stack.name, root: stack.place.root },
    location: stack.backend.location,
    parts: [
      ...trees.map(({ part, directory }) => ({ part: part.id, kind: 'tree' as const, directory })),
      ...streams.map(({ id, service, covers, hook }) => ({
        part: id,
        kind: 'stream' as const,
        service,
        covers,
        quiesce: hook.quiesce,
      })),
      ...(secrets ? [{ part: secrets.id, kind: 'file' as const, file: secrets.file }] : []),
    ],
    excluded,
    unwanted: unwanted.map(({ id }) => id),
  }
}

/** The same for machines. */
export function scopeDocument({ stack, location, parts, excluded, unwanted }: ScopeFacts): object {
  const excludedFrom = (id: string) =>
    excluded.filter(({ part }) => part === id).map(({ path, reason }) => ({ path, reason }))
  return {
    stack,
    location,
    parts: parts.map((one) => (one.kind === 'tree' ? { ...one, exclude: excludedFrom(one.part) } : one)),
    unwanted,
  }
}

/** The same for a person. */
export function formatScope({ stack, location, parts, excluded, unwanted }: ScopeFacts, surface: Surface): string {
  const rows = parts.map(({ part, directory, file, service }) => ({
    part,
    from: directory ?? (file === undefined ? `the dump of service ${service}` : `${file}, encrypted`),
  }))
  const table = formatTable(
    rows,
    [
      { title: 'PART', value: ({ part }) => part, shrinks: true },
      { title: 'FROM', value: ({ from }) => plainText(from) },
    ],
    surface.columns,
  )
  const notes = [
    ...excluded.map(({ part, path, reason }) => `left out of ${part}: ${path} (${reasons[reason] ?? reason})`),
    ...parts.flatMap(({ part, covers = [] }) => covers.map((path) => `${part} stands for ${path || '.'}`)),
    ...parts.flatMap(({ service = '', quiesce = 'none' }) => quiesceNote(service, quiesce)),
    ...unwanted.map((part) => `${part} is not asked for`),
  ]
  const listed = notes.length === 0 ? '' : `\n${notes.map((note) => `  ${plainText(note)}\n`).join('')}`
  return (
    `A snapshot of ${plainText(stack.name)} (${plainText(stack.root)}) into ${plainText(location)} would hold:\n\n` +
    `${table}${listed}\nNothing was changed. Take it with: ${commandLine(surface, 'stack backup')}\n`
  )
}

function quiesceNote(service: string, quiesce: 'none' | 'pause' | 'stop'): string[] {
  if (quiesce === 'none') return []
  return [`service ${service} is ${quiesce === 'pause' ? 'paused' : 'stopped'} while files are captured`]
}
