/**
 * A word of a POSIX shell that means `text`, whatever it holds. Two opening braces never stand side by side in it:
 * process-compose would take them for the beginning of a template.
 */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`).replace(/\{(?=\{)/g, "{''")}'`
}

/** Lines that a POSIX shell reads to export variables byte for byte. Their names MUST be {@link isShellName}. */
export function exportLines(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}=${quoted(value)}\n`)
    .join('')
}

/** Reads what {@link exportLines} wrote. */
export function readExportLines(text: string): Record<string, string> {
  const line = /^export (\w+)=((?:'[^']*'|\\')*)\n/gm
  return Object.fromEntries([...text.matchAll(line)].map(([, name = '', value = '']) => [name, unquoted(value)]))
}

/** Whether a shell can hold a variable of that name. */
export function isShellName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)
}

function unquoted(word: string): string {
  return word.replace(/'([^']*)'|\\(')/g, (_, inside?: string, quote?: string) => inside ?? quote ?? '')
}
