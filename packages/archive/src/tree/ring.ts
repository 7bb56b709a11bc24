import { Buffer } from 'node:buffer'

/*
 * A ring of blocks in memory that two threads share: one fills them in order, the other uses and releases them in
 * order. The tree thread works synchronously and waits with Atomics; the main thread learns of progress by messages.
 */

/** Bytes of one block, and so of one zstd frame before compression. Smaller costs ratio, larger costs memory. */
export const blockBytes = 2 << 20
/** Enough for the compressor to be busy on every thread while the next block fills. */
const blockCount = 5

export interface SharedRing {
  blocks: SharedArrayBuffer
  /** [blocks filled, blocks released, 1 when given up, bytes-in-block x blockCount] */
  control: SharedArrayBuffer
}

const filledIndex = 0
const releasedIndex = 1
const givenUpIndex = 2
const lengthsIndex = 3
/** Said in place of a length when no more blocks will come. */
const ended = -1

export function makeRing(): SharedRing {
  return {
    blocks: new SharedArrayBuffer(blockBytes * blockCount),
    control: new SharedArrayBuffer(4 * (lengthsIndex + blockCount)),
  }
}

export interface Ring {
  /** The memory of block number `index`, counted from 0 without end. */
  block(index: number): Buffer
  /** Whether block `index` may be filled. */
  canFill(index: number): boolean
  /** Waits until block `index` may be filled. Throws when the other side gave up. Tree thread only. */
  waitToFill(index: number): void
  fill(index: number, bytes: number): void
  fillEnd(index: number): void
  /** Waits for block `index` and gives its bytes, or undefined after the last. Tree thread only. */
  waitFilled(index: number): Buffer | undefined
  /** The bytes of a block known to be filled. */
  filled(index: number): Buffer
  release(index: number): void
  giveUp(): void
}

export function openRing({ blocks, control }: SharedRing): Ring {
  const words = new Int32Array(control)
  const memory = Array.from({ length: blockCount }, (_, slot) => Buffer.from(blocks, slot * blockBytes, blockBytes))
  const block = (index: number): Buffer => memory[index % blockCount] as Buffer
  const length = (index: number): number => Atomics.load(words, lengthsIndex + (index % blockCount))
  const set = (word: number, value: number): void => {
    Atomics.store(words, word, value)
    Atomics.notify(words, word)
  }
  const waitWhile = (word: number, blocked: (value: number) => boolean): void => {
    for (let value = Atomics.load(words, word); blocked(value); value = Atomics.load(words, word)) {
      if (Atomics.load(words, givenUpIndex) === 1) throw new Error('given up')
      Atomics.wait(words, word, value, 1000)
    }
  }
  const canFill = (index: number): boolean => index - Atomics.load(words, releasedIndex) < blockCount
  const fill = (index: number, bytes: number): void => {
    Atomics.store(words, lengthsIndex + (index % blockCount), bytes)
    set(filledIndex, index + 1)
  }
  return {
    block,
    canFill,
    waitToFill: (index) => waitWhile(releasedIndex, (released) => index - released >= blockCount),
    fill,
    fillEnd: (index) => fill(index, ended),
    waitFilled: (index) => {
      waitWhile(filledIndex, (filled) => filled <= index)
      return length(index) === ended ? undefined : block(index).subarray(0, length(index))
    },
    filled: (index) => block(index).subarray(0, length(index)),
    release: (index) => set(releasedIndex, index + 1),
    giveUp: () => {
      set(givenUpIndex, 1)
      Atomics.notify(words, filledIndex)
      Atomics.notify(words, releasedIndex)
    },
  }
}
