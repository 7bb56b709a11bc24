import { Buffer } from 'node:buffer'
import { createHash, hash } from 'node:crypto'

/** Bytes of a stretch. Files no longer than one are digested as they are. */
export const stretchBytes = 65536
const zeros = Buffer.alloc(stretchBytes)
const dataFollows = Buffer.of(1)

/** Takes the content of one file in order and gives its content digest in hex. */
export interface ContentDigest {
  update(bytes: Buffer): void
  /** The same as that many zeros, at no cost for whole stretches. */
  hole(bytes: number): void
  hex(): string
}

/**
 * The content digest of a file of `size` bytes (docs/snapshot-format.md). Longer files are digested stretch by stretch:
 * a byte 1 and the bytes of a stretch, or a byte 0 alone where all of it is zero. So ten GiB of hole cost nothing,
 * and it makes no difference whether zeros are stored as a hole or as data.
 */
export function contentDigest(size: number): ContentDigest {
  return size <= stretchBytes ? plainDigest() : stretchDigest()
}

/** The content digest of a file that lies in memory whole. */
export function contentDigestOf(content: Buffer): string {
  if (content.length <= stretchBytes) return hash('sha256', content, 'hex')
  const digest = stretchDigest()
  digest.update(content)
  return digest.hex()
}

function plainDigest(): ContentDigest {
  const digest = createHash('sha256')
  return {
    update: (bytes) => void digest.update(bytes),
    hole: (bytes) => void digest.update(zeros.subarray(0, bytes)),
    hex: () => digest.digest('hex'),
  }
}

function stretchDigest(): ContentDigest {
  const digest = createHash('sha256')
  /** Whole stretches of zeros that wait to be digested. */
  let zeroStretches = 0
  /** Of the stretch at hand: its bytes so far, and whether one was not zero. */
  let filled = 0
  let hasData = false

  const flushZeroStretches = (): void => {
    for (; zeroStretches > 0; zeroStretches -= Math.min(zeroStretches, stretchBytes))
      digest.update(zeros.subarray(0, Math.min(zeroStretches, stretchBytes)))
  }
  const endStretch = (): void => {
    if (!hasData) zeroStretches++
    hasData = false
    filled = 0
  }
  const take = (bytes: Buffer, isZero: boolean): void => {
    if (!hasData && !isZero) {
      flushZeroStretches()
      digest.update(dataFollows)
      if (filled > 0) digest.update(zeros.subarray(0, filled))
      hasData = true
    }
    if (hasData) digest.update(bytes)
    filled += bytes.length
    if (filled === stretchBytes) endStretch()
  }
  return {
    update: (bytes) => {
      for (let at = 0; at < bytes.length; ) {
        const part = bytes.subarray(at, at + stretchBytes - filled)
        at += part.length
        take(part, part[0] === 0 && part.equals(zeros.subarray(0, part.length)))
      }
    },
    hole: (bytes) => {
      let left = bytes
      if (filled > 0) {
        const part = zeros.subarray(0, Math.min(left, stretchBytes - filled))
        left -= part.length
        take(part, true)
      }
      zeroStretches += Math.floor(left / stretchBytes)
      const rest = left % stretchBytes
      if (rest > 0) take(zeros.subarray(0, rest), true)
    },
    hex: () => {
      if (filled > 0) endStretch()
      flushZeroStretches()
      return digest.digest('hex')
    },
  }
}
