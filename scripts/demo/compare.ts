/** Throws with the first few differences when the two lists of lines are not the same. */
export function requireSame(what: string, before: readonly string[], after: readonly string[]): void {
  if (before.length === 0) throw new Error(`there were no ${what} to compare`)
  const then = new Set(before)
  const now = new Set(after)
  const gone = before.filter((line) => !now.has(line)).map((line) => `- ${line}`)
  const extra = after.filter((line) => !then.has(line)).map((line) => `+ ${line}`)
  const differences = [...gone, ...extra]
  if (differences.length === 0 && before.length === after.length) return
  const first = differences.slice(0, 10).join('\n')
  throw new Error(`the ${what} are not what they were, ${before.length} then and ${after.length} now:\n${first}`)
}
