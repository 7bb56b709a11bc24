/** `names` so that each stands after those of them it depends on. A circle keeps the order it was given in. */
export function dependencyOrder(
  names: readonly string[],
  dependencies: ReadonlyMap<string, readonly string[]>,
): string[] {
  const ordered = new Set<string>()
  const visiting = new Set<string>()
  const visit = (name: string) => {
    if (ordered.has(name) || visiting.has(name)) return
    visiting.add(name)
    for (const dependency of dependencies.get(name) ?? []) visit(dependency)
    ordered.add(name)
  }
  for (const name of names) visit(name)
  return [...ordered].filter((name) => names.includes(name))
}
