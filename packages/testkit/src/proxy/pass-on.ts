import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, type RequestOptions, request, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, endToEnd, remember, statusOf } from './answers.ts'
import { flippedAt, passBeginning } from './bodies.ts'
import type { Fault } from './fault.ts'

/** One request to the proxy, and where the proxy would pass it on to. */
export interface Exchange {
  incoming: IncomingMessage
  outgoing: ServerResponse
  target: RequestOptions
  /** The first answer to each GET, by path and query. */
  answers: Map<string, Answer>
}

/** Carries one request out, with what is to go wrong. Rejects where either side breaks off. */
export async function passOn(exchange: Exchange, fault: Fault | undefined): Promise<void> {
  const { incoming, outgoing, target, answers } = exchange
  const { method = 'GET', url: path = '/' } = incoming
  if (fault?.type === 'answer') {
    await incoming.resume().toArray()
    return void outgoing.writeHead(fault.status, fault.headers ?? {}).end(fault.body ?? '')
  }
  if (fault?.type === 'hang' && fault.after === undefined) return void incoming.resume()
  if (fault?.type === 'slow') await sleep(fault.milliseconds)
  if (fault?.type === 'stale') {
    const earlier = answers.get(fault.path ?? path)
    if (earlier) return void outgoing.writeHead(earlier.status, earlier.rawHeaders).end(earlier.body)
  }
  const passed = request({ ...target, method, path, headers: endToEnd(incoming.rawHeaders) })
  outgoing.on('close', () => passed.destroy())
  const [[answer]] = await Promise.all([
    once(passed, 'response') as Promise<[IncomingMessage]>,
    upload(incoming, passed, fault),
  ])
  if (method === 'GET' && !answers.has(path)) remember(answer, (whole) => answers.set(path, whole))
  await download(answer, outgoing, fault)
}

async function upload(incoming: IncomingMessage, passed: ClientRequest, fault: Fault | undefined): Promise<void> {
  if (fault?.type === 'damage-upload') return void incoming.pipe(flippedAt(fault.at)).pipe(passed)
  if (fault?.type !== 'cut-upload') return void incoming.pipe(passed)
  passed.flushHeaders()
  await passBeginning(incoming, passed, fault.after)
  passed.destroy(new Error('the upload was cut'))
}

async function download(answer: IncomingMessage, outgoing: ServerResponse, fault: Fault | undefined): Promise<void> {
  answer.on('error', () => outgoing.socket?.destroySoon())
  if (fault?.type === 'lose-answer') {
    await buffer(answer)
    throw new Error('the answer was lost')
  }
  outgoing.writeHead(statusOf(answer), endToEnd(answer.rawHeaders))
  if (fault?.type === 'damage-download') return void answer.pipe(flippedAt(fault.at)).pipe(outgoing)
  if (fault?.type !== 'cut-download' && fault?.type !== 'hang') return void answer.pipe(outgoing)
  outgoing.flushHeaders()
  await passBeginning(answer, outgoing, fault.after ?? 0)
  if (fault.type === 'cut-download') outgoing.socket?.destroySoon()
}
