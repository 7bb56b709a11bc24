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
