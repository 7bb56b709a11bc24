import { chmodSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PartId } from '@angee/core'
import type { Damage } from '@angee/testkit'
import { snapshotsIn } from './repository.ts'

/**
 * Damages what a part has for itself: the file of its restic snapshot. The packs below it may be another snapshot's too;
 * what becomes of those is tested apart.
 */
export function damagePart(repository: string, id: string, what: PartId | 'manifest', how: Damage): void {
  const wanted = (tag: string): boolean =>
    what === 'manifest' ? tag.startsWith('angee-manifest=') : tag === `angee-part=${what}`
  const stored = snapshotsIn(repository).find(
    ({ tags = [] }) => tags.includes(`angee-snapshot=${id}`) && tags.some(wanted),
  )
  if (!stored) throw new Error(`there is no ${what} of ${id}`)
  damageFile(join(repository, 'snapshots', stored.id), how)
}

/** `place`: the byte that a flip changes, the middle one unless given. */
export function damageFile(path: string, how: Damage, place?: number): void {
  chmodSync(path, 0o600)
  if (how === 'remove') return rmSync(path)
  if (how === 'cut') return truncateSync(path, statSync(path).size - 1)
  const bytes = readFileSync(path)
  const at = place ?? bytes.length >> 1
  bytes[at] = (bytes[at] ?? 0) ^ 1
  writeFileSync(path, bytes)
}
