import type { MadeWorkspace, WorkspaceFacts } from '@angee/operator'
import type { Workspace } from '@angee/workspace'
import { counted, formatAge } from './format.ts'
import { plainText } from './style.ts'
import { type Column, formatTable } from './table.ts'

const columns: Column<WorkspaceFacts>[] = [
  { title: 'WORKSPACE', value: ({ name }) => name },
  { title: 'STATUS', value: ({ status }) => status },
  { title: 'PORTS', value: ({ leases }) => ports(leases), shrinks: true },
  { title: 'MADE', value: ({ createdAt }) => formatAge(Date.parse(createdAt), Date.now()), optional: 1 },
  { title: 'TEMPLATE', value: ({ template }) => template, optional: 2 },
  { title: 'SNAPSHOT', value: ({ snapshot }) => snapshot ?? '', optional: 3 },
]

/** A table of workspaces. `width` of the terminal, if there is one. */
export function formatWorkspaces(workspaces: readonly WorkspaceFacts[], width: number | undefined): string {
  return formatTable(workspaces, columns, width)
}

/** A workspace as it is shown, to people and to machines. */
export function workspaceFacts(workspace: Workspace): WorkspaceFacts {
  const { name, status, isPresent, path, stackRoot, template, inputs, leases, createdAt, restore } = workspace
  return {
    name,
    status: isPresent || status !== 'ready' ? status : 'missing',
    path,
    stackRoot: stackRoot ?? null,
    template,
    inputs,
    leases,
    createdAt,
    snapshot: restore?.snapshot ?? null,
  }
}

/** What was made, and what came up with it. */
export function formatCreated({ name, path, leases, restore, up }: MadeWorkspace, duration: string): string {
  const lines = [`Made ${name} in ${path}`]
  if (Object.keys(leases).length > 0) lines.push(`Ports: ${ports(leases)}`)
  for (const { snapshot, name: named, parts } of up?.restored ?? [])
    lines.push(`Restored ${snapshot}${named === undefined ? '' : ` "${named}"`}: ${counted(parts.length, 'part')}`)
  if (up === null && restore !== null) lines.push(`Its stack will restore ${restore.snapshot} when it is brought up`)
  if (up !== null) {
    const running = up.services.filter(({ state }) => state === 'running').length
    lines.push(`It is up: ${running} of ${counted(up.services.length, 'service')} running, ${duration}`)
  }
  return lines.map((line) => `${plainText(line)}\n`).join('')
}

function ports(leases: WorkspaceFacts['leases']): string {
  return Object.entries(leases)
    .map(([pool, port]) => `${pool} ${port}`)
    .join(', ')
}
