import { authorization, Problem } from './api.js'

const pause = 1_000

/**
 * Follows the events of an operation until it has ended, or the signal aborts. A broken connection is made again, after
 * the event that came last. EventSource cannot send a token, so the stream is read here.
 * @param {string} id
 * @param {(event: {type: string} & Record<string, unknown>) => void} onEvent
 * @param {AbortSignal} signal
 */
export async function follow(id, onEvent, signal) {
  let last = ''
  while (!signal.aborted) {
    try {
      const headers = { ...authorization(), ...(last === '' ? {} : { 'last-event-id': last }) }
      const answer = await fetch(`/operations/${encodeURIComponent(id)}/events`, { headers, signal, cache: 'no-store' })
      if (answer.status === 204) return
      if (!answer.ok) throw new Problem(await answer.json())
      for await (const event of eventsIn(answer.body)) {
        last = event.id
        const told = JSON.parse(event.data)
        onEvent(told)
        if (told.type === 'end') return
      }
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof Problem && error.status < 500) throw error
      onEvent({ type: 'broken' })
    }
    await new Promise((resolve) => setTimeout(resolve, pause))
  }
}

async function* eventsIn(body) {
  let rest = ''
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    const blocks = (rest + value).split('\n\n')
    rest = blocks.pop()
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s)))
      if (fields.data !== undefined) yield fields
    }
  }
}
