import { InvalidArgumentError } from 'commander'

/** Adds one `--label key=value` to those before it. */
export function collectLabels(given: string, before: Record<string, string> = {}): Record<string, string> {
  const at = given.indexOf('=')
  const key = given.slice(0, at)
  if (at < 1) throw new InvalidArgumentError('Write it as key=value.')
  if (!/^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/.test(key)) {
    throw new InvalidArgumentError('A key has up to 63 letters, digits, ".", "_", "/" and "-".')
  }
  return { ...before, [key]: given.slice(at + 1) }
}

/** Adds one `--only part`, or several with commas between them, to those before it. */
export function collectParts(given: string, before: readonly string[] = []): string[] {
  const parts = given.split(',').map((part) => part.trim())
  const odd = parts.find((part) => !/^((persist|service)\/.|secrets\/file$)/.test(part))
  if (odd !== undefined) throw new InvalidArgumentError('A part is persist/NAME, service/NAME or secrets/file.')
  return [...new Set([...before, ...parts])]
}

/** Adds one value of an option that may be repeated to those before it. */
export function collect(given: string, before: readonly string[] = []): string[] {
  return [...before, given]
}

const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `30s`, `12h`, `90d` in milliseconds. */
export function parseDuration(given: string): number {
  const [, amount, unit = ''] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(given) ?? []
  const factor = units[unit]
  if (amount === undefined || factor === undefined) throw new InvalidArgumentError('Write it as 30s, 12h or 90d.')
  return Number(amount) * factor
}

/** A whole number, 0 or more. */
export function parseCount(given: string): number {
  if (!/^\d{1,6}$/.test(given)) throw new InvalidArgumentError('Write a whole number.')
  return Number(given)
}
