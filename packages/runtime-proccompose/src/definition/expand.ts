/**
 * Substitutes in the text of a file as process-compose does before it reads it as YAML: `$$` is a dollar sign, `${NAME}`
 * and `${NAME:-else}` a variable, and a backslash takes itself away before another and before a slash.
 */
export function expand(text: string, known: Readonly<Record<string, string | undefined>>): string {
  const piece = /\$\$|\$\{([\w-]+)(?::?[-=]([^}]*))?\}|\\([\\/])/g
  return text.replace(piece, (all, name?: string, otherwise?: string, escaped?: string) => {
    if (all === '$$') return '$'
    if (escaped !== undefined) return escaped
    return known[name ?? ''] || (otherwise ?? '')
  })
}
