import type { Surface } from '../surface.ts'

/**
 * Prints a result in the form the user asked for: `value` as one JSON or YAML document, `names` one a line, or what
 * `table` makes for a person.
 */
export async function printDocument(
  surface: Surface,
  value: unknown,
  names: readonly string[],
  table: () => string,
): Promise<void> {
  if (surface.format === 'json') surface.out(`${JSON.stringify(value, undefined, 2)}\n`)
  else if (surface.format === 'yaml') surface.out((await import('yaml')).stringify(value))
  else if (surface.format === 'name') surface.out(names.map((name) => `${name}\n`).join(''))
  else surface.out(table())
}

/** The same for an operation that told its events as JSON lines: there the result is the last of these lines. */
export async function printResult(
  surface: Surface,
  value: object,
  names: readonly string[],
  table: () => string,
): Promise<void> {
  if (surface.format === 'json') surface.out(`${JSON.stringify({ type: 'result', ...value })}\n`)
  else await printDocument(surface, value, names, table)
}
