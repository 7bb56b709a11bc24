import { describe, expect, it } from 'vitest'
import { firstPartBytes, mostParts, partBytes, partsAtOnce } from '../src/store/part-sizes.ts'

const mebibyte = 1024 ** 2
const numbers = Array.from({ length: mostParts }, (_, index) => index + 1)

describe('the sizes of parts', () => {
  it('reach 5 TiB within ten thousand parts', () => {
    const total = numbers.reduce((sum, number) => sum + partBytes(number), 0)
    expect(total).toBeGreaterThan(5 * 1024 ** 4)
  })

  it('never shrink, and stay between what S3 takes as least and as most', () => {
    expect(partBytes(1)).toBe(firstPartBytes)
    for (const number of numbers) {
      expect(partBytes(number)).toBeGreaterThanOrEqual(5 * mebibyte)
      expect(partBytes(number)).toBeLessThanOrEqual(5 * 1024 ** 3)
      expect(partBytes(number + 1)).toBeGreaterThanOrEqual(partBytes(number))
    }
  })

  it('need 256 MiB of memory at most, until two parts alone need more', () => {
    for (const number of numbers) {
      const atOnce = partsAtOnce(partBytes(number), 64)
      expect(atOnce).toBeGreaterThanOrEqual(2)
      if (atOnce > 2) expect(atOnce * partBytes(number)).toBeLessThanOrEqual(256 * mebibyte)
    }
    expect(partsAtOnce(8 * mebibyte, 4)).toBe(5)
  })
})
