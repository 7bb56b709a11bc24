/** Shorter values (a port, `yes`) would blank out ordinary words. */
const shortestSecret = 6

/** One set for the process, whichever copy of this package registered a secret: a plugin may bring its own. */
const key = Symbol.for('angee.secrets')
const holder = globalThis as { [key]?: Set<string> }
holder[key] ??= new Set()
const secrets = holder[key]

/**
 * Makes `value` unprintable for this process: every later error, log line and progress event that passes through
 * {@link redact} shows `[redacted]` in its place. Values under six characters are ignored.
 */
export function registerSecret(value: string): void {
  if (value.length < shortestSecret) return
  secrets.add(value)
  // As it stands inside JSON.
  secrets.add(JSON.stringify(value).slice(1, -1))
}

/** `text` with every registered secret replaced, the longest first so that no tail of one stays readable. */
export function redact(text: string): string {
  let clean = text
  for (const secret of [...secrets].sort((a, b) => b.length - a.length)) clean = clean.replaceAll(secret, '[redacted]')
  return clean
}
