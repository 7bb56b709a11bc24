import { type Context, isAngeeError } from '@angee/core'
import type { RunningCase, SuiteApi } from '@angee/testkit'

/** What one case of a suite came to. */
export interface CaseReport {
  name: string
  status: 'ok' | 'fail' | 'not applicable'
  /** Why, unless it is ok. */
  message?: string
  milliseconds: number
}

interface Case {
  name: string
  body(test: RunningCase): Promise<void>
}

/** After its time a case is given this long to tidy up behind itself. Milliseconds. */
const grace = 15_000

/** The cases that a suite declares, in its order. */
export function casesOf(declare: (api: SuiteApi) => void): Case[] {
  const cases: Case[] = []
  declare({ describe: (_, body) => body(), it: (name, body) => cases.push({ name, body }) })
  return cases
}

/**
 * Runs one case. `start` is given what aborts when its time (in milliseconds) is over, or the whole operation ends. Rejects
 * with the reason of `ctx.signal` alone; whatever else happens is the report.
 */
export async function runCase(
  { name, body }: Case,
  bound: number,
  start: (signal: AbortSignal) => void,
  ctx: Context,
): Promise<CaseReport> {
  const { clock } = ctx
  const began = clock.now()
  const late = new AbortController()
  const done = new AbortController()
  const signal = AbortSignal.any([ctx.signal, late.signal])
  const bell = clock.sleep(bound, done.signal).then(
    () => late.abort(new Error(`it was not done within ${Math.round(bound / 1000)} seconds`)),
    () => undefined,
  )
  const skipped: string[] = []
  const report = (status: CaseReport['status'], message?: string): CaseReport => {
    return { name, status, ...(message === undefined ? {} : { message }), milliseconds: clock.now() - began }
  }
  try {
    start(signal)
    const running = body({ skip: (reason) => void skipped.push(reason) })
    await orAborted(running, signal, () => clock.sleep(grace, done.signal))
    return skipped.length === 0 ? report('ok') : report('not applicable', skipped[0])
  } catch (error) {
    ctx.signal.throwIfAborted()
    return report('fail', textOf(late.signal.reason ?? error))
  } finally {
    done.abort()
    await bell
  }
}

/** What `work` comes to; or, when it is not over some time after the signal has aborted, its reason. */
async function orAborted(work: Promise<void>, signal: AbortSignal, wait: () => Promise<void>): Promise<void> {
  const aborted = new Promise<void>((_, reject) => {
    const stop = () =>
      wait().then(
        () => reject(signal.reason),
        () => undefined,
      )
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
  await Promise.race([work, aborted])
}

/** One line: what was expected and what came, or the backend's own words with the next step. */
function textOf(error: unknown): string {
  if (isAngeeError(error)) return error.hint === undefined ? error.message : `${error.message}. ${error.hint}`
  const text = error instanceof Error ? error.message : String(error)
  const line = text.trim().replaceAll(/\s*\n\s*/g, ' ')
  return line.length > 300 ? `${line.slice(0, 300)} …` : line
}
