import { Buffer } from 'node:buffer'
import { execFileSync } from 'node:child_process'
import { zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { splitFrames } from '../src/frames/parse.ts'
import { collect } from './support/collect.ts'

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const split = async (bytes: Buffer, size = 7): Promise<Buffer[]> => collect(splitFrames(inPieces(bytes, size)))

describe('frames are found in what other compressors write', () => {
  const texts = [
    '',
    'x',
    'abc'.repeat(50_000),
    Buffer.from(Array.from({ length: 3000 }, (_, i) => (i * i) % 251)).toString('latin1'),
  ]
  it.each(['-1', '-19', '--no-check', '--long=27'])('zstd %s', async (option) => {
    const frames = texts.map((text) => execFileSync('zstd', ['-qc', option], { input: text }))
    expect(await split(Buffer.concat(frames))).toEqual(frames)
  })
  it('skippable frames are left out', async () => {
    const frame = zstdCompressSync('data')
    const skippable = Buffer.concat([Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0]), Buffer.from('abc')])
    expect(await split(Buffer.concat([skippable, frame, skippable, frame]))).toEqual([frame, frame])
  })
})

it('any frames in pieces of any size come out as they went in', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 5000 })),
      fc.integer({ min: 1, max: 9000 }),
      async (all, size) => {
        const frames = all.map((bytes) => zstdCompressSync(bytes))
        expect(await split(Buffer.concat(frames), size)).toEqual(frames)
      },
    ),
  )
})

it('a stream that ends inside a frame, or is none, is refused', async () => {
  const frame = zstdCompressSync('some data of a frame')
  for (let length = 1; length < frame.length; length++)
    await expect(split(frame.subarray(0, length)), `${length} bytes`).rejects.toMatchObject({ code: 'ARCHIVE_CORRUPT' })
  await expect(split(Buffer.from('no zstd at all'))).rejects.toMatchObject({ code: 'ARCHIVE_CORRUPT' })
})

it('a frame that claims to be endless is refused before it is held in memory', async () => {
  // A raw block of two MiB less one, again and again, none of them the last.
  const block = Buffer.concat([Buffer.from([0xf8, 0xff, 0xff]), Buffer.alloc((1 << 21) - 1)])
  async function* endless(): AsyncGenerator<Buffer> {
    yield Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58])
    for (;;) yield block
  }
  await expect(collect(splitFrames(endless()))).rejects.toMatchObject({ code: 'ARCHIVE_CORRUPT' })
})
