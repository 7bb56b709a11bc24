import { createHash } from 'node:crypto'
import type { Digested } from '@angee/core'

/** Passes bytes on; `total` is the length and digest of all of them once they have ended. */
export function counted(source: AsyncIterable<Buffer>): { bytes: AsyncGenerator<Buffer>; total(): Digested } {
  const counter = digestCounter()
  async function* passing(): AsyncGenerator<Buffer> {
    for await (const piece of source) {
      counter.add(piece)
      yield piece
    }
  }
  return { bytes: passing(), total: counter.total }
}

/** Length and SHA-256 of what is added. `total` may be asked for again. */
export function digestCounter(): { add(piece: Buffer): void; total(): Digested } {
  const hash = createHash('sha256')
  let bytes = 0
  let digest: string | undefined
  return {
    add: (piece) => {
      hash.update(piece)
      bytes += piece.length
    },
    total: () => {
      digest ??= `sha256:${hash.digest('hex')}`
      return { bytes, digest }
    },
  }
}
