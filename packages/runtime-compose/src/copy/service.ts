import { isBlock } from '../definition/merge.ts'
import type { Copying } from './copying.ts'
import { mountApart } from './mounts.ts'
import { shares } from './shares.ts'

type Block = Readonly<Record<string, unknown>>

/** What is only of one container at a time, is meant for others outside, or would change images that the original uses. */
const leftOut = ['container_name', 'ports', 'labels', 'develop', 'mac_address', 'pull_policy']

/** Name spaces that a service can share with the machine or with any container. */
const spaces = ['network_mode', 'pid', 'ipc', 'uts', 'userns_mode', 'cgroup'] as const

/** A service as it stands in a resolved Compose file, made so that it shares nothing with the one it is a copy of. */
export async function serviceApart(name: string, service: Block, copying: Copying): Promise<Block> {
  const where = `service ${name}`
  refuseSharedSpaces(where, service)
  const kept = Object.fromEntries(Object.entries(service).filter(([key]) => !leftOut.includes(key)))
  const { volumes, networks, build } = service
  return {
    ...kept,
    // The image that the original was built to: under a name of its own it would be built again, and left behind.
    ...(build && !service['image'] ? { image: `${copying.project}-${name}` } : {}),
    ...(service['pull_policy'] === 'never' ? { pull_policy: 'never' } : {}),
    ...(Array.isArray(volumes)
      ? { volumes: await Promise.all(volumes.map((volume) => mountApart(where, volume as Block, copying))) }
      : {}),
    ...(isBlock(networks) ? { networks: Object.fromEntries(Object.entries(networks).map(withoutAddress)) } : {}),
  }
}

function refuseSharedSpaces(where: string, service: Block): void {
  for (const space of spaces) {
    const value = String(service[space] ?? '')
    const isShared =
      value === 'host' || value.startsWith('container:') || (space === 'network_mode' && value === 'bridge')
    if (isShared) throw shares(where, `${space}: ${value}`, 'Such a service cannot run twice on one machine.')
  }
  if (Array.isArray(service['external_links']) && service['external_links'].length > 0) {
    throw shares(where, `external_links: ${service['external_links'].join(', ')}`, 'Connect it by a network instead.')
  }
  const from = Array.isArray(service['volumes_from']) ? service['volumes_from'].map(String) : []
  const container = from.find((one) => one.startsWith('container:'))
  if (container !== undefined) throw shares(where, `volumes_from: ${container}`, 'Use a named volume instead.')
}

/** The copy's networks are its own, with addresses that the engine chooses. */
function withoutAddress([name, network]: [string, unknown]): [string, unknown] {
  if (!isBlock(network)) return [name, network]
  const { ipv4_address: _, ipv6_address: __, link_local_ips: ___, mac_address: ____, ...kept } = network
  return [name, kept]
}
