/** A request as it reached the proxy, before anything of its body was read. */
export interface ProxiedRequest {
  readonly method: string
  /** Path and query as they were sent. */
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Which request of this proxy it is, from 1. */
  readonly count: number
}

/**
 * What goes wrong with one request. Bytes are counted in the body; one that is shorter than `after` says is cut, or
 * hangs, at its end.
 *
 * - `answer`: the target never sees the request; the proxy answers with that status and text, once it has read the body.
 * - `slow`: it is passed on after so many milliseconds.
 * - `hang`: nothing is answered, or with `after` the head of the answer and so many bytes of its body, then no more. The
 *   connection stays open until the client or the proxy closes it.
 * - `cut-upload`: so many bytes of the body are passed on, then both connections break.
 * - `cut-download`: so many bytes of the answer's body are passed back, then the connection breaks.
 * - `lose-answer`: the target does what was asked and answers; the connection breaks before the client hears of it.
 * - `damage-upload`, `damage-download`: one bit of the byte at that place of the body is flipped.
 * - `stale`: the first answer that a GET of `path` (this one's own unless given) got through this proxy, once more. The
 *   request is passed on where there was none.
 */
export type Fault =
  | { type: 'answer'; status: number; body?: string; headers?: Record<string, string> }
  | { type: 'slow'; milliseconds: number }
  | { type: 'hang'; after?: number }
  | { type: 'cut-upload'; after: number }
  | { type: 'cut-download'; after: number }
  | { type: 'lose-answer' }
  | { type: 'damage-upload'; at: number }
  | { type: 'damage-download'; at: number }
  | { type: 'stale'; path?: string }
