type Block = Readonly<Record<string, unknown>>

/** `over` on top of `under`: blocks are merged key by key, anything else of `over` takes the place of what was there. */
export function merged(under: Block, over: Block): Block {
  const keys = new Set([...Object.keys(under), ...Object.keys(over)])
  return Object.fromEntries([...keys].map((key) => [key, both(under[key], over[key], key in over)]))
}

function both(under: unknown, over: unknown, isGiven: boolean): unknown {
  if (!isGiven) return under
  return isBlock(under) && isBlock(over) ? merged(under, over) : over
}

/** A YAML block of keys. */
export function isBlock(value: unknown): value is Block {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
