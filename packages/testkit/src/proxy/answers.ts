import { Buffer } from 'node:buffer'
import type { IncomingMessage } from 'node:http'

/** What a target answered to a GET. */
export interface Answer {
  status: number
  rawHeaders: string[]
  body: Buffer
}

/** Longer answers are not remembered. */
const rememberedBytes = 4 * 1024 * 1024

/** Gives `keep` the whole answer once it has ended, while it is passed on elsewhere. */
export function remember(answer: IncomingMessage, keep: (answer: Answer) => void): void {
  const chunks: Buffer[] = []
  let bytes = 0
  answer.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= rememberedBytes) chunks.push(chunk)
  })
  answer.once('end', () => {
    if (bytes > rememberedBytes) return
    keep({ status: statusOf(answer), rawHeaders: endToEnd(answer.rawHeaders), body: Buffer.concat(chunks) })
  })
}

export function statusOf(answer: IncomingMessage): number {
  return answer.statusCode ?? 502
}

/** The headers that are not about one connection alone. */
export function endToEnd(rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_, index) => !/^(connection|keep-alive)$/i.test(rawHeaders[index - (index % 2)] ?? ''))
}
