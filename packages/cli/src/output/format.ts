const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']

/** Bytes in binary units with at most one decimal: `0 B`, `1023 B`, `4.2 MiB`, `120 GiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (unit < units.length - 1 && Math.round(value * 10) >= 10_240) {
    value /= 1024
    unit++
  }
  // Whole numbers throughout: Number.toFixed would be most of the cost of a long list.
  const tenths = Math.round(value * 10)
  if (unit === 0 || tenths >= 1000) return `${Math.round(value)} ${units[unit]}`
  return `${Math.floor(tenths / 10)}.${tenths % 10} ${units[unit]}`
}

/** Milliseconds as `850 ms`, `12 s`, `3 min 4 s`, `1 h 2 min`, `3 d 4 h`. */
export function formatDuration(milliseconds: number): string {
  const rounded = Math.max(0, Math.round(milliseconds))
  if (rounded < 1000) return `${rounded} ms`
  if (rounded < 9950) return `${(rounded / 1000).toFixed(1)} s`
  const seconds = Math.round(rounded / 1000)
  const [days, hours, minutes] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3600), Math.floor(seconds / 60)]
  if (days > 0) return two(days, 'd', hours % 24, 'h')
  if (hours > 0) return two(hours, 'h', minutes % 60, 'min')
  if (minutes > 0) return two(minutes, 'min', seconds % 60, 's')
  return `${seconds} s`
}

function two(first: number, firstUnit: string, second: number, secondUnit: string): string {
  return second === 0 ? `${first} ${firstUnit}` : `${first} ${firstUnit} ${second} ${secondUnit}`
}

/** How long ago, in the coarsest unit that says it: `just now`, `5 min ago`, `3 h ago`, `12 d ago`; `in 2 h` when it is to come. */
export function formatAge(then: number, now: number): string {
  const seconds = Math.round((now - then) / 1000)
  if (Number.isNaN(seconds)) return 'date unreadable'
  if (Math.abs(seconds) < 60) return 'just now'
  const [amount, unit] = coarse(Math.abs(seconds))
  return seconds > 0 ? `${amount} ${unit} ago` : `in ${amount} ${unit}`
}

/** The same in at most six characters: `now`, `5 min`, `3 h`, `12 d`; `FUTURE` when it is to come. */
export function formatShortAge(then: number, now: number): string {
  const seconds = Math.round((now - then) / 1000)
  if (Number.isNaN(seconds)) return '?'
  if (seconds < -toleratedSkew / 1000) return 'FUTURE'
  if (seconds < 60) return 'now'
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}

/** A clock may be this much wrong before a snapshot counts as dated in the future. Milliseconds. */
export const toleratedSkew = 10 * 60_000

function coarse(seconds: number): [amount: number, unit: string] {
  if (seconds < 3600) return [Math.floor(seconds / 60), 'min']
  if (seconds < 86_400) return [Math.floor(seconds / 3600), 'h']
  return [Math.floor(seconds / 86_400), 'd']
}

const minute = 60_000
const day = 24 * 60
const twoDigits = Array.from({ length: 60 }, (_, value) => String(value).padStart(2, '0'))
const dates = new Map<number, string>()

/**
 * A moment (milliseconds since 1970) in the local time of this machine: `2026-01-05 14:03`. Asking Date for each of its
 * fields would be most of the cost of a long list, so it is asked for the offset alone, and for each day's date once.
 */
export function formatLocalTime(moment: number): string {
  const minutes = Math.floor(moment / minute) - new Date(moment).getTimezoneOffset()
  if (Number.isNaN(minutes)) return '?'
  const days = Math.floor(minutes / day)
  let date = dates.get(days)
  if (date === undefined) {
    date = new Date(days * day * minute).toISOString().slice(0, 10)
    dates.set(days, date)
  }
  const ofDay = minutes - days * day
  return `${date} ${twoDigits[Math.floor(ofDay / 60)]}:${twoDigits[ofDay % 60]}`
}

/** `1 part`, `3 parts`. */
export function counted(amount: number, one: string, many = `${one}s`): string {
  return `${amount} ${amount === 1 ? one : many}`
}
