const mebibyte = 1024 * 1024
const smallest = 8 * mebibyte
const largest = 768 * mebibyte
/** After so many parts of one size the next ones are twice as large. */
const partsOfOneSize = 500

/** S3 takes no more parts than this in one object. */
export const mostParts = 10_000
/** Bodies of less go in one request. */
export const firstPartBytes = smallest
/** What the parts in flight of one object may hold in memory, as long as two of them do not need more. */
const memoryBytes = 256 * mebibyte

/**
 * The size in bytes of part `number`, from 1: 8 MiB at first, so that little memory is needed where little is stored,
 * and growing so that 10,000 parts hold more than 5 TiB although the length is not known beforehand.
 */
export function partBytes(number: number): number {
  return Math.min(largest, smallest * 2 ** Math.floor((number - 1) / partsOfOneSize))
}

/** How many parts of that size may be in memory at once: one is filled while the others are sent. */
export function partsAtOnce(bytes: number, concurrency: number): number {
  return Math.max(2, Math.min(concurrency + 1, Math.floor(memoryBytes / bytes)))
}
