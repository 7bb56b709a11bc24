import type { StackDefinition, Workload } from '@angee/core'

/** A service of an image, with nothing else said. */
export function service(name: string, more: Partial<Workload> = {}): Workload {
  return {
    name,
    kind: 'service',
    runtime: 'container',
    image: 'base',
    env: {},
    ports: [],
    mounts: [],
    dependsOn: [],
    engine: {},
    ...more,
  }
}

export function job(name: string, more: Partial<Workload> = {}): Workload {
  return service(name, { kind: 'job', ...more })
}

export function stack(workloads: readonly Workload[], more: Partial<StackDefinition> = {}): StackDefinition {
  return {
    name: 'shop',
    project: 'shop-12345678',
    stackRoot: '/srv/shop',
    services: workloads.filter(({ kind }) => kind === 'service'),
    jobs: workloads.filter(({ kind }) => kind === 'job'),
    volumes: {},
    secrets: new Map([['db-password', { variable: 'DB_PASSWORD', value: 'a "very" $ecret\nvalue' }]]),
    ...more,
  }
}
