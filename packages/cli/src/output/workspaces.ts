import type { BringUpResult } from '@angee/core'
import type { CreatedWorkspace, Workspace } from '@angee/workspace'
import { counted, formatAge } from './format.ts'
import { plainText } from './style.ts'
import { type Column, formatTable } from './table.ts'

const columns: Column<Workspace>[] = [
  { title: 'WORKSPACE', value: ({ name }) => name },
  { title: 'STATUS', value: statusOf },
  { title: 'PORTS', value: ({ leases }) => ports(leases), shrinks: true },
  { title: 'MADE', value: ({ createdAt }) => formatAge(Date.parse(createdAt), Date.now()), optional: 1 },
  { title: 'TEMPLATE', value: ({ template }) => template, optional: 2 },
  { title: 'SNAPSHOT', value: ({ restore }) => restore?.snapshot ?? '', optional: 3 },
]

/** A table of workspaces. `width` of the terminal, if there is one. */
export function formatWorkspaces(workspaces: readonly Workspace[], width: number | undefined): string {
  return formatTable(workspaces, columns, width)
}

/** The same for machines. */
export function workspaceDocument(workspace: Workspace): object {
  const { name, status, isPresent, path, stackRoot, template, inputs, leases, createdAt, restore } = workspace
  return {
    name,
    status: isPresent ? status : 'missing',
    path,
    stackRoot: stackRoot ?? null,
    template,
    inputs,
    leases,
    createdAt,
    snapshot: restore?.snapshot ?? null,
  }
}

/** What was made, for machines. */
export function createdDocument({ stackRoot, restore, message, ...made }: CreatedWorkspace) {
  return { ...made, stackRoot: stackRoot ?? null, restore: restore ?? null, message: message ?? null }
}

/** What was made, and what came up with it. */
export function formatCreated(
  { name, path, leases, restore }: CreatedWorkspace,
  up: BringUpResult | undefined,
  duration: string,
): string {
  const lines = [`Made ${name} in ${path}`]
  if (Object.keys(leases).length > 0) lines.push(`Ports: ${ports(leases)}`)
  for (const { manifest, parts } of up?.restored ?? [])
    lines.push(
      `Restored ${manifest.id}${manifest.name === undefined ? '' : ` "${manifest.name}"`}: ${counted(parts.length, 'part')}`,
    )
  if (up === undefined && restore !== undefined)
    lines.push(`Its stack will restore ${restore.snapshot} when it is brought up`)
  if (up !== undefined) {
    const running = up.services.filter(({ state }) => state === 'running').length
    lines.push(`It is up: ${running} of ${counted(up.services.length, 'service')} running, ${duration}`)
  }
  return lines.map((line) => `${plainText(line)}\n`).join('')
}

function statusOf({ status, isPresent }: Workspace): string {
  return isPresent || status !== 'ready' ? status : 'missing'
}

function ports(leases: Workspace['leases']): string {
  return Object.entries(leases)
    .map(([pool, port]) => `${pool} ${port}`)
    .join(', ')
}
