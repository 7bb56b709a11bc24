import type { BackupBackend, PartId } from '../contract/index.ts'
import { AngeeError } from '../errors/index.ts'
import type { Listed } from './listed.ts'
import type { ShrunkenPart } from './sizes.ts'

/** Something shrank: nothing is removed until somebody has looked. */
export type ShrinkAlarm = { message: string } & (
  | { kind: 'listing'; known: number; listed: number }
  | ({ kind: 'part'; part: PartId } & ShrunkenPart)
)

/** Of the snapshots that the catalog knows, more than the share `maxShrink` are no longer in the backend. */
export function shrunkenListing(
  { location }: BackupBackend,
  { known, missing }: Listed,
  maxShrink: number,
): ShrinkAlarm[] {
  if (missing.length <= maxShrink * known) return []
  const listed = known - missing.length
  const message = `${location} lists ${listed} of the ${known} snapshots that the catalog knows`
  return [{ kind: 'listing', known, listed, message }]
}

export function shrunkenPart(shrunken: ShrunkenPart): ShrinkAlarm {
  const { part, id, bytes, median } = shrunken
  const message = `${part} of the newest complete snapshot ${id} has ${bytes} bytes; before, it had ${Math.round(median)} (median)`
  return { kind: 'part', ...shrunken, message }
}

/** RETENTION_STOPPED, with the numbers. */
export function stopped(alarms: readonly ShrinkAlarm[]): AngeeError {
  return new AngeeError(
    'RETENTION_STOPPED',
    `nothing was removed: ${alarms.map(({ message }) => message).join('; ')}`,
    {
      hint: 'If it is as it should be, accept it once: angee stack backup prune --allow-shrink. The limit is backup.retention.max_shrink.',
      context: { alarms },
    },
  )
}
