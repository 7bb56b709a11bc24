import type { CatalogRecord } from '@angee/core'

/**
 * The ids of the snapshots to be read back now, those first that were not for longest. So many that each one's turn comes
 * once in `within`, when this is done every `interval` (both in milliseconds); and all whose turn would come too late
 * otherwise. One that was never verified counts from when it was taken; partial ones and safety snapshots too are read.
 */
export function verifiedNext(
  records: readonly CatalogRecord[],
  now: number,
  within: number,
  interval: number,
): string[] {
  const lastRead = (record: CatalogRecord): number =>
    Date.parse(record.verifiedAt ?? record.damagedAt ?? record.createdAt)
  const waiting = [...records].sort((a, b) => lastRead(a) - lastRead(b) || (a.id < b.id ? -1 : 1))
  const share = Math.ceil((waiting.length * Math.min(interval, within)) / within)
  // A young one need not be read at once only because it is its turn in a short list.
  const early = now - within / 2
  return waiting
    .filter(
      (record, index) => (index < share && lastRead(record) <= early) || lastRead(record) + within <= now + interval,
    )
    .map(({ id }) => id)
}
