/**
 * Reads the lines of an environment file: `KEY=value`, optional `export`, `#` comments, single quotes for the letter,
 * double quotes with escapes. `util.parseEnv` is not used: it cuts `A=a#b` at the `#`.
 */
export function parseEnvFile(text: string): Record<string, string> {
  const values: Record<string, string> = {}
  const line =
    /^[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*[=:][ \t]*('(?:[^'])*'|"(?:\\[\s\S]|[^"\\])*"|[^\r\n]*)/gm
  for (const [, key = '', value = ''] of text.matchAll(line)) values[key] = unquote(value)
  return values
}

function unquote(value: string): string {
  if (value.length > 1 && value.startsWith("'") && value.endsWith("'")) return value.slice(1, -1)
  if (value.length > 1 && value.startsWith('"') && value.endsWith('"')) return unescaped(value.slice(1, -1))
  return value.replace(/(^|\s)#.*$/, '').trim()
}

function unescaped(value: string): string {
  return value.replace(/\\([\s\S])/g, (_, character: string) => {
    if (character === 'n') return '\n'
    if (character === 'r') return '\r'
    return character
  })
}

/** `KEY=value` pairs as process-compose lists them. */
export function pairs(list: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    list.flatMap((pair): [string, string][] => {
      const at = pair.indexOf('=')
      return at > 0 ? [[pair.slice(0, at), pair.slice(at + 1)]] : []
    }),
  )
}
