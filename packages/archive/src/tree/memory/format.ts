import { Buffer } from 'node:buffer'
import { stateBytes } from './state.ts'
import { bootId } from './trust.ts'

/*
 * What is remembered of a tree, in one file of this machine:
 *
 *   head     a line that names the format, and a line of JSON: this start of the machine, directory, what is left out
 *   entries  in canonical order; each is its state, the content digest of a regular file (else zeros), the length of
 *            its path, and its path
 *   tail     the tree digest, and the SHA-256 of everything before
 *
 * A reader knows the head it would write itself, and takes a file that begins otherwise for none.
 */

export const digestBytes = 32
export const contentAt = stateBytes
export const pathLengthAt = contentAt + digestBytes
export const pathAt = pathLengthAt + 4
export const tailBytes = 2 * digestBytes

export function headOf(directory: string, exclude: readonly string[]): Buffer {
  return Buffer.from(`angee tree memory 1\n${JSON.stringify({ boot: bootId(), directory, exclude })}\n`)
}
