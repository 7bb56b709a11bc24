import { createServer } from 'node:net'
import { AngeeError } from '@angee/core'
import type { Registry } from './record.ts'

export interface PortRange {
  from: number
  to: number
}

/** `8100-8199`, or one port. TEMPLATE_INVALID; `where` is for the message. */
export function parseRange(text: string, where: string): PortRange {
  const [, from = '', to = from] = /^\s*(\d{1,5})\s*(?:-\s*(\d{1,5})\s*)?$/.exec(text) ?? []
  const range = { from: Number(from), to: Number(to) }
  if (from !== '' && range.from >= 1 && range.to <= 65_535 && range.from <= range.to) return range
  throw new AngeeError('TEMPLATE_INVALID', `${where}: "${text}" is no range of ports`, {
    hint: 'Write it as "8100-8199".',
    context: { range: text },
  })
}

/** Every port that a workspace of this stack has leased. */
function leasedPorts({ workspaces }: Registry): Set<number> {
  return new Set(Object.values(workspaces).flatMap(({ leases }) => Object.values(leases)))
}

/**
 * One port of each pool: the lowest that no workspace has leased, that is not in `taken` and that nothing on this machine
 * listens on. PORT_POOL_EXHAUSTED names the pool and who has its ports.
 */
export async function leasePorts(
  pools: Readonly<Record<string, PortRange>>,
  registry: Registry,
  taken: ReadonlySet<number>,
): Promise<Record<string, number>> {
  const unusable = new Set([...leasedPorts(registry), ...taken])
  const leases: Record<string, number> = {}
  for (const [pool, range] of Object.entries(pools)) {
    const port = await firstFree(range, unusable)
    if (port === undefined) throw exhausted(pool, range, registry)
    unusable.add(port)
    leases[pool] = port
  }
  return leases
}

async function firstFree({ from, to }: PortRange, unusable: ReadonlySet<number>): Promise<number | undefined> {
  for (let port = from; port <= to; port++) if (!unusable.has(port) && (await isFree(port))) return port
  return undefined
}

/** Whether nothing on this machine listens there, on the loopback address or on all. */
async function isFree(port: number): Promise<boolean> {
  for (const host of ['127.0.0.1', '0.0.0.0']) if (!(await canListen(port, host))) return false
  return true
}

function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)))
  })
}

function exhausted(pool: string, { from, to }: PortRange, { workspaces }: Registry): AngeeError {
  const inRange = (port: number): boolean => port >= from && port <= to
  const holders = Object.entries(workspaces)
    .filter(([, { leases }]) => Object.values(leases).some(inRange))
    .map(([name]) => name)
  const rest = holders.length === 0 ? '' : `; workspaces that have some: ${holders.join(', ')}`
  return new AngeeError('PORT_POOL_EXHAUSTED', `no port of the pool ${pool} (${from}-${to}) is free${rest}`, {
    hint: 'Destroy a workspace, or give the pool a wider range under operator.port_pool in angee.yaml of the stack.',
    context: { pool, from, to, workspaces: holders },
    retry: 'later',
  })
}
