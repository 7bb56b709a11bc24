/** An event of a stream of server-sent events. */
export interface ServerEvent {
  id: string
  data: string
}

/** Cuts a stream of server-sent events into events. Comments and what is unknown are passed over. */
export async function* serverEvents(pieces: AsyncIterable<Buffer>): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const piece of pieces) {
    const blocks = (rest + decoder.decode(piece, { stream: true })).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const event = { id: '', data: '' }
      for (const line of block.split('\n')) {
        if (line.startsWith('id: ')) event.id = line.slice(4)
        if (line.startsWith('data: ')) event.data += line.slice(6)
      }
      if (event.data !== '') yield event
    }
  }
}
