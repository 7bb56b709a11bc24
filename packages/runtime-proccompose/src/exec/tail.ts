/** Keeps the end of what it is given, and never more memory than twice that. */
export interface Tail {
  add(chunk: Buffer): void
  text(): string
}

/** A tail of at most `limit` bytes. */
export function tail(limit: number): Tail {
  let kept: Buffer[] = []
  let size = 0
  const last = () => Buffer.concat(kept).subarray(Math.max(0, size - limit))
  return {
    add(chunk) {
      kept.push(chunk)
      size += chunk.length
      if (size <= 2 * limit) return
      // Copied, so that the large chunks it was cut from can be freed.
      kept = [Buffer.from(last())]
      size = limit
    },
    text: () => last().toString('utf8'),
  }
}
