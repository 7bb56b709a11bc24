import { formatAge, formatLocalTime, toleratedSkew } from './format.ts'
import { plainText } from './style.ts'

interface Dated {
  id: string
  name?: string
  createdAt: string
}

/** `2026-01-05 14:03 (3 h ago)`, marked when it is to come: such a snapshot is never `latest`. */
export function describeTime(createdAt: string, now: number): string {
  const created = Date.parse(createdAt)
  const mark = created > now + toleratedSkew ? ', in the future!' : ''
  return `${formatLocalTime(created)} (${formatAge(created, now)}${mark})`
}

/** `01K… "before-upgrade", 2026-01-05 14:03 (3 h ago)`. */
export function describeSnapshot({ id, name, createdAt }: Dated, now: number): string {
  const named = name === undefined ? '' : ` "${plainText(name)}"`
  return `${id}${named}, ${describeTime(createdAt, now)}`
}
