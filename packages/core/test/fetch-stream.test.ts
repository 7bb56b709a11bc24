import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { testContext } from '@angee/testkit'
import { describe, expect, it } from 'vitest'
import type { StoredPart } from '../src/index.ts'
import { verified } from '../src/restore/fetch-stream.ts'

const chunks = ['first', 'second', 'third'].map((text) => Buffer.from(text))
const meant = Buffer.concat(chunks)

function part(bytes: Buffer): StoredPart {
  const facts = { bytes: bytes.length, digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}` }
  return { part: 'service/db', kind: 'stream', raw: facts, stored: facts }
}

async function readAll(stream: Readable): Promise<{ bytes: Buffer; error: unknown }> {
  const read: Buffer[] = []
  try {
    for await (const chunk of stream) read.push(chunk)
    return { bytes: Buffer.concat(read), error: undefined }
  } catch (error) {
    return { bytes: Buffer.concat(read), error }
  }
}

describe('a verified stream', () => {
  it('gives the bytes and the end of what was stored, also when that is nothing', async () => {
    expect(await buffer(verified(Readable.from(chunks), part(meant), testContext()))).toEqual(meant)
    expect(await buffer(verified(Readable.from([]), part(Buffer.of()), testContext()))).toEqual(Buffer.of())
  })

  it.each([
    ['other bytes', [...chunks.slice(0, 2), Buffer.from('THIRD')]],
    ['too few', chunks.slice(0, 2)],
    ['too many', [...chunks, Buffer.from('x')]],
    ['none', []],
  ])('keeps the last of %s back, and fails', async (_, given) => {
    const { bytes, error } = await readAll(verified(Readable.from(given), part(meant), testContext()))
    expect(error).toMatchObject({ code: 'SNAPSHOT_CORRUPT', context: { part: 'service/db' } })
    const allBut = Buffer.concat(given.slice(0, -1))
    expect(bytes).toEqual(allBut.subarray(0, bytes.length))
  })

  it('fails as its source does', async () => {
    const broken = Readable.from(
      (async function* () {
        yield Buffer.from('first')
        throw new Error('the connection is gone')
      })(),
    )
    const { error } = await readAll(verified(broken, part(meant), testContext()))
    expect(error).toMatchObject({ message: 'the connection is gone' })
  })
})
