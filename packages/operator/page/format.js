const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'long' })
const ago = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' })
const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
const steps = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
]

/** 8.9 MiB. */
export function bytes(amount) {
  const step = amount < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(amount) / 10))
  const value = amount / 1024 ** step
  return `${step === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[step]}`
}

/** Of an ISO 8601 time, in the zone of whoever looks. */
export function time(iso) {
  return dateTime.format(new Date(iso))
}

export function date(moment) {
  return day.format(moment)
}

/** "3 hours ago", "in 2 days". */
export function age(iso, now = Date.now()) {
  const seconds = (Date.parse(iso) - now) / 1000
  const [unit, size] = steps.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1]
  if (unit === 'second') return Math.abs(seconds) < 10 ? 'just now' : ago.format(Math.round(seconds), unit)
  return ago.format(Math.trunc(seconds / size), unit)
}

/** "2 min 5 s" of milliseconds. */
export function duration(milliseconds) {
  if (milliseconds < 10_000) return `${(milliseconds / 1000).toFixed(1)} s`
  const seconds = Math.round(milliseconds / 1000)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`
}

/** "1 part", "3 parts". */
export function counted(amount, word) {
  return `${amount} ${word}${amount === 1 ? '' : 's'}`
}
