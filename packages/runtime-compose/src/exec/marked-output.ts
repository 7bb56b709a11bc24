import { Transform } from 'node:stream'

/** What the marks around a command's output say. */
export interface MarkedOutput {
  /** Takes the client's stdout and gives what the command wrote. */
  readonly stream: Transform
  /** Whether the first mark was seen: the command was started. */
  started(): boolean
  /** What the second mark says, once it was the last thing seen: the output is whole up to it. */
  end(): { exitCode: number; held: boolean } | undefined
  /** Words that came before any mark: the engine's own, when it could not start the command. */
  words(): string
}

const codeLength = 4
/** More words of the engine than this are not kept. */
const wordLimit = 4096

/**
 * Cuts the two marks out of a stream. `onStart` is called when the first was seen, `onEnd` when the second was, and
 * all before it has been passed on. Only bytes that may be the beginning of the second mark are held back.
 */
export function markedOutput(mark: string, onStart: () => void, onEnd: () => void): MarkedOutput {
  const opening = Buffer.from(mark)
  let started = false
  let before = Buffer.alloc(0)
  let held = Buffer.alloc(0)
  let end: ReturnType<MarkedOutput['end']>

  const pass = (stream: Transform, chunk: Buffer) => {
    if (chunk.length === 0) return
    const all = held.length === 0 ? chunk : Buffer.concat([held, chunk])
    const start = closingStart(all, opening)
    stream.push(all.subarray(0, start))
    held = Buffer.from(all.subarray(start))
    end = parseEnd(held, opening)
    if (end) onEnd()
  }

  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (started) {
        pass(this, chunk)
        return done()
      }
      before = Buffer.concat([before, chunk])
      if (before.subarray(0, opening.length).equals(opening)) {
        started = true
        onStart()
        pass(this, before.subarray(opening.length))
      } else {
        before = before.subarray(0, wordLimit)
      }
      done()
    },
    flush(done) {
      if (started && end === undefined) this.push(held)
      done()
    },
  })

  return { stream, started: () => started, end: () => end, words: () => (started ? '' : before.toString()) }
}

/** Where the closing mark, or its beginning, stands at the end of these bytes; their length if it does not. */
function closingStart(bytes: Buffer, mark: Buffer): number {
  for (let start = Math.max(0, bytes.length - mark.length - codeLength); start < bytes.length; start += 1) {
    const shown = bytes.subarray(start, start + mark.length)
    if (shown.equals(mark.subarray(0, shown.length))) return start
  }
  return bytes.length
}

function parseEnd(held: Buffer, mark: Buffer): ReturnType<MarkedOutput['end']> {
  if (held.length !== mark.length + codeLength || !held.subarray(0, mark.length).equals(mark)) return undefined
  const [, code, how] = /^(\d{3})([eh])$/.exec(held.subarray(mark.length).toString()) ?? []
  return code === undefined ? undefined : { exitCode: Number(code), held: how === 'h' }
}
