import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'

/**
 * `length` bytes that look random, do not compress, and are the same for the same seed on every machine.
 * The generator is xorshift32, so it is fast and no secret should ever come from it.
 */
export function pseudoRandomBytes(seed: number, length: number): Buffer<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(length / 4))
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1
  for (let index = 0; index < words.length; index += 1) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    words[index] = state
  }
  return Buffer.from(words.buffer, 0, length)
}

/** Everything a stream delivers until its end. Rejects with the stream's error, also when it closes before its end. */
export async function readAll(stream: Readable): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** `sha256:<64 lower-case hex digits>` over exactly these bytes, as it stands in a snapshot manifest. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** Every item of an iteration, in its order. */
export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = []
  for await (const item of items) collected.push(item)
  return collected
}
