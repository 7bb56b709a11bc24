import type { StackServiceStatus } from '@angee/core'
import { type Column, formatTable } from './table.ts'

const columns: Column<StackServiceStatus>[] = [
  { title: 'SERVICE', value: ({ service }) => service, shrinks: true },
  { title: 'STATE', value: ({ state }) => state },
  { title: 'HEALTH', value: ({ health }) => (health === 'none' ? '-' : health), optional: 1 },
  { title: 'RUNTIME', value: ({ kind }) => kind, optional: 2 },
]

/** A table of services. `width` of the terminal, if there is one. */
export function formatServices(services: readonly StackServiceStatus[], width: number | undefined): string {
  return services.length === 0 ? '' : formatTable(services, columns, width)
}

/** The same for machines. */
export function serviceDocuments(services: readonly StackServiceStatus[]): object[] {
  return services.map(({ service, kind, state, health }) => ({ service, runtime: kind, state, health }))
}
