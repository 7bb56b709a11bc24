import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { contentDigest, contentDigestOf, stretchBytes } from '../src/tree/content-digest.ts'

/** docs/snapshot-format.md, word for word. */
function asDocumented(content: Buffer): string {
  const hash = createHash('sha256')
  if (content.length <= stretchBytes) return hash.update(content).digest('hex')
  for (let at = 0; at < content.length; at += stretchBytes) {
    const stretch = content.subarray(at, at + stretchBytes)
    if (stretch.every((byte) => byte === 0)) hash.update(Buffer.of(0))
    else hash.update(Buffer.of(1)).update(stretch)
  }
  return hash.digest('hex')
}

const piece = fc.record({ zero: fc.boolean(), bytes: fc.integer({ min: 0, max: 150_000 }) })

it('is the documented one, however the content comes in pieces and holes', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const parts = pieces.map(({ zero, bytes }) => Buffer.alloc(bytes, zero ? 0 : 'data'))
      const whole = Buffer.concat(parts)
      const inPieces = contentDigest(whole.length)
      const withHoles = contentDigest(whole.length)
      for (const [index, part] of parts.entries()) {
        inPieces.update(part)
        if (pieces[index]?.zero) withHoles.hole(part.length)
        else withHoles.update(part)
      }
      const expected = asDocumented(whole)
      expect([contentDigestOf(whole), inPieces.hex(), withHoles.hex()]).toEqual([expected, expected, expected])
    }),
  )
})

it('tells files of zeros apart by nothing but what the record of the entry holds, their size', () => {
  expect(contentDigestOf(Buffer.alloc(stretchBytes + 1))).toBe(contentDigestOf(Buffer.alloc(2 * stretchBytes)))
})
