import type { Clock, Random } from '../contract/index.ts'

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** A new ULID (github.com/ulid/spec): 48 bits of milliseconds and 80 random bits in Crockford's base 32. */
export function newSnapshotId(clock: Clock, random: Random): string {
  let time = ''
  for (let rest = clock.now(), index = 0; index < 10; index++, rest = Math.floor(rest / 32)) {
    time = alphabet.charAt(rest % 32) + time
  }
  const bytes = random(new Uint8Array(16))
  return time + [...bytes].map((byte) => alphabet.charAt(byte % 32)).join('')
}

/** Whether `text` has the form of a whole id, in either case. */
export function isSnapshotId(text: string): boolean {
  return /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/i.test(text)
}
