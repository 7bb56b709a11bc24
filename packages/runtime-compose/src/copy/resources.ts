import { isBlock } from '../definition/merge.ts'
import type { Copying } from './copying.ts'
import { placeApart } from './mounts.ts'
import { shares } from './shares.ts'

type Block = Readonly<Record<string, unknown>>

/**
 * A network of the copy's own. Also in place of an external one: what else is on that does not belong to the stack, and
 * must not be reached by a copy of it.
 */
export function networkApart(name: string, network: Block): Block {
  const { name: given, external, ipam: _, driver_opts, ...kept } = network
  const driver = String(network['driver'] ?? '')
  if (['host', 'macvlan', 'ipvlan'].includes(driver) || (external && given === 'host')) {
    throw shares(`network ${name}`, `driver: ${driver || 'host'}`, 'Such a network is the machine’s own.')
  }
  if (external) return {}
  if (!isBlock(driver_opts)) return kept
  const { 'com.docker.network.bridge.name': __, ...options } = driver_opts
  return { ...kept, driver_opts: options }
}

/** A volume of the copy's own, empty until it is restored into. */
export async function volumeApart(name: string, volume: Block, copying: Copying): Promise<Block> {
  const where = `volume ${name}`
  if (volume['external']) {
    throw shares(
      where,
      `external: ${String(volume['name'] ?? name)}`,
      'Its data is not the stack’s own. Mount it with :ro from a path, or let the stack own it.',
    )
  }
  const { name: _, ...kept } = volume
  const options = isBlock(kept['driver_opts']) ? kept['driver_opts'] : {}
  const device = options['device']
  if (typeof device !== 'string' || options['type'] === 'tmpfs') return kept
  if (!/\bbind\b/.test(String(options['o'] ?? ''))) {
    throw shares(where, `device: ${device}`, 'What lies there is reached by the original too.')
  }
  const place = await placeApart(where, device.replaceAll('$$', '$'), false, copying)
  if (place.readOnly) throw shares(where, `device: ${device}`, 'Use a directory of the stack.')
  return { ...kept, driver_opts: { ...options, device: place.path.replaceAll('$', '$$$$') } }
}

/** A secret or config: a file that is only read, or a value. */
export function secretApart(what: 'secret' | 'config', name: string, secret: Block): Block {
  if (secret['external']) throw shares(`${what} ${name}`, 'external: true', 'Give it a file: or environment:.')
  const { name: _, ...kept } = secret
  return kept
}
