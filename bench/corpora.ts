import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** A deterministic source of bytes: xorshift32, so that every run has the same corpus. */
function noise(seed: number): (bytes: Buffer) => Buffer {
  let state = seed
  return (bytes) => {
    for (let at = 0; at + 4 <= bytes.length; at += 4) {
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
      bytes.writeInt32LE(state | 0, at)
    }
    return bytes
  }
}

/** Text-like bytes of words, about five to one under zstd. */
function wordBook(random: (bytes: Buffer) => Buffer): Buffer {
  const words = Array.from({ length: 4096 }, () => random(Buffer.alloc(8)).toString('hex').slice(0, 11))
  const picks = random(Buffer.alloc(2 << 20))
  const text = Array.from(
    { length: picks.length / 2 },
    (_, index) => words[picks.readUInt16LE(index * 2) % words.length],
  )
  return Buffer.from(text.join(' '))
}

/** `count` files of 0 to 16 KiB in directories of a hundred. */
export function smallFiles(directory: string, count: number, largest = 16_384): void {
  const random = noise(1)
  const book = wordBook(random)
  const dice = Buffer.alloc(8)
  for (let index = 0; index < count; index++) {
    const parent = join(directory, `d${Math.floor(index / 100)}`)
    if (index % 100 === 0) mkdirSync(parent, { recursive: true })
    random(dice)
    const size = dice.readUInt32LE(0) % (largest + 1)
    const start = dice.readUInt32LE(4) % (book.length - size)
    writeFileSync(join(parent, `f${index}`), book.subarray(start, start + size))
  }
}

/** One file of 8 KiB pages as a database has them: a third noise, the rest rows that repeat themselves. */
export function databaseFile(directory: string, bytes: number): void {
  mkdirSync(directory, { recursive: true })
  const random = noise(2)
  const file = openSync(join(directory, 'database'), 'w')
  const pages = Buffer.alloc(8 << 20)
  for (let written = 0; written < bytes; written += pages.length) {
    for (let page = 0; page < pages.length; page += 8192) {
      const row = `row-${(written + page) / 8192}-name-abcdef-status-active;`
      pages.write(row.repeat(Math.ceil(5400 / row.length)), page, 5400, 'latin1')
      random(pages.subarray(page + 5400, page + 8192))
    }
    writeSync(file, pages)
  }
  closeSync(file)
}

/** Small files, a few large ones, and some that do not compress: what a stack's data directory looks like. */
export function mixedTree(directory: string): void {
  smallFiles(join(directory, 'small'), 10_000)
  databaseFile(join(directory, 'base'), 512 << 20)
  const random = noise(3)
  const image = Buffer.alloc(2 << 20)
  mkdirSync(join(directory, 'images'), { recursive: true })
  for (let index = 0; index < 200; index++) writeFileSync(join(directory, 'images', `${index}.jpg`), random(image))
}

/** One file of `bytes` that no codec makes smaller. */
export function incompressibleFile(path: string, bytes: number): void {
  const random = noise(4)
  const block = Buffer.alloc(4 << 20)
  const file = openSync(path, 'w')
  for (let at = 0; at < bytes; at += block.length) writeSync(file, random(block))
  closeSync(file)
}
