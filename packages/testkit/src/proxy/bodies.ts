import { Buffer } from 'node:buffer'
import { type Readable, Transform, type Writable } from 'node:stream'

/** Passes the first `length` bytes of a body on, or all of it where it has fewer. `to` is not ended. */
export async function passBeginning(from: Readable, to: Writable, length: number): Promise<void> {
  let left = length
  if (left === 0) return
  for await (const chunk of from as AsyncIterable<Buffer>) {
    const piece = chunk.subarray(0, left)
    left -= piece.length
    await new Promise((resolve) => to.write(piece, resolve))
    if (left === 0) return
  }
}

/** Passes a body through with the lowest bit of the byte at `place` flipped. */
export function flippedAt(place: number): Transform {
  let position = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      const index = place - position
      position += chunk.length
      if (index < 0 || index >= chunk.length) return callback(null, chunk)
      const damaged = Buffer.from(chunk)
      damaged[index] = (damaged[index] ?? 0) ^ 1
      callback(null, damaged)
    },
  })
}
