import type { StackServiceStatus } from '@angee/core'
import { type Column, formatTable } from './table.ts'

/** A service as it is shown, to people and to machines. */
export interface ServiceFacts {
  service: string
  runtime: StackServiceStatus['kind']
  state: StackServiceStatus['state']
  health: StackServiceStatus['health']
}

export function serviceFacts({ service, kind, state, health }: StackServiceStatus): ServiceFacts {
  return { service, runtime: kind, state, health }
}

const columns: Column<ServiceFacts>[] = [
  { title: 'SERVICE', value: ({ service }) => service, shrinks: true },
  { title: 'STATE', value: ({ state }) => state },
  { title: 'HEALTH', value: ({ health }) => (health === 'none' ? '-' : health), optional: 1 },
  { title: 'RUNTIME', value: ({ runtime }) => runtime, optional: 2 },
]

/** A table of services. `width` of the terminal, if there is one. */
export function formatServices(services: readonly ServiceFacts[], width: number | undefined): string {
  return services.length === 0 ? '' : formatTable(services, columns, width)
}
