/** The store's key of the catalog: a JSON object a line, oldest first. */
export const catalogKey = 'catalog.jsonl'

/** What `itemOf` makes of each line, and the numbers of the lines it can make nothing of. Empty lines are no lines. */
export function parseLines<Item>(
  text: string,
  itemOf: (line: string) => Item | undefined,
): { items: Item[]; damagedLines: number[] } {
  const items: Item[] = []
  const damagedLines: number[] = []
  let number = 0
  for (const line of text.split('\n')) {
    number++
    if (line === '') continue
    const item = itemOf(line)
    if (item === undefined) damagedLines.push(number)
    else items.push(item)
  }
  return { items, damagedLines }
}
