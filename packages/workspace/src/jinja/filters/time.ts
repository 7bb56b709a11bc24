import { type Filter, filter, text } from './filter.ts'

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const months = 'January February March April May June July August September October November December'.split(' ')

/** `"%Y"|strftime`: now, or a number of seconds since 1970, in UTC. */
export function timeFilters(now: () => number): Record<string, Filter> {
  return {
    strftime: filter(['second'], (value, { second }) =>
      formatted(text(value), new Date(second === undefined ? now() : Number(second) * 1000)),
    ),
  }
}

function formatted(pattern: string, time: Date): string {
  const two = (number: number): string => String(number).padStart(2, '0')
  const dayOfYear = Math.floor((time.getTime() - Date.UTC(time.getUTCFullYear(), 0, 1)) / 86_400_000) + 1
  const parts: Record<string, string> = {
    Y: String(time.getUTCFullYear()),
    y: two(time.getUTCFullYear() % 100),
    m: two(time.getUTCMonth() + 1),
    d: two(time.getUTCDate()),
    H: two(time.getUTCHours()),
    M: two(time.getUTCMinutes()),
    S: two(time.getUTCSeconds()),
    j: String(dayOfYear).padStart(3, '0'),
    A: days[time.getUTCDay()] ?? '',
    a: days[time.getUTCDay()]?.slice(0, 3) ?? '',
    B: months[time.getUTCMonth()] ?? '',
    b: months[time.getUTCMonth()]?.slice(0, 3) ?? '',
    F: time.toISOString().slice(0, 10),
    T: time.toISOString().slice(11, 19),
    s: String(Math.floor(time.getTime() / 1000)),
    z: '+0000',
    Z: 'UTC',
    '%': '%',
  }
  return pattern.replace(/%([A-Za-z%])/g, (all, letter: string) => {
    const part = parts[letter]
    if (part === undefined) throw new Error(`${all} is not known`)
    return part
  })
}
