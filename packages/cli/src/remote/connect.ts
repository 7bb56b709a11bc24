import { readFile } from 'node:fs/promises'
import type { ProgressEvent } from '@angee/core'
import { AngeeError, isAngeeError, registerSecret } from '@angee/core/errors'
import {
  type Arguments,
  type Client,
  connectOperator,
  type RemoteOperation,
  type ResultOf,
  type RouteSpec,
} from '@angee/operator/client'
import { interruptSignal } from '../interrupt.ts'
import { plainText } from '../output/style.ts'
import { type Progress, startProgress } from '../progress/progress.ts'
import type { Surface } from '../surface.ts'
import { isLocalUrl } from './local-url.ts'

/** A conversation with the operator that the user means. */
export interface Remote {
  client: Client
  progress: Progress
  signal: AbortSignal
  /** Asks for an operation, shows what it tells, and gives what it answers. The error it failed with. */
  run<Kind extends keyof Results, Route extends RouteSpec>(
    kind: Kind,
    route: Route,
    given: Arguments<Route>,
  ): Promise<ResultOf<Kind>>
  /** The same, whatever became of it. */
  follow<Route extends RouteSpec>(route: Route, given: Arguments<Route>): Promise<RemoteOperation>
}

type Results = Record<RemoteOperation['kind'], unknown>

/** Connects to the operator that the user means, hands it to `use`, and cleans up whatever happens. */
export async function withOperator<Result>(
  surface: Surface,
  events: 'lines' | 'none',
  use: (remote: Remote) => Promise<Result>,
): Promise<Result> {
  const { url = '', tokenFile } = surface.operator ?? {}
  const token = await readToken(tokenFile)
  if (token !== undefined && url.startsWith('http:') && !isLocalUrl(url)) {
    surface.err(`warning: the token goes to ${plainText(url)} unencrypted; whoever reads along can use it\n`)
  }
  const progress = startProgress(surface, events)
  const signal = interruptSignal(surface.err)
  const client = connectOperator({ url, token, signal })
  const follow: Remote['follow'] = (route, given) =>
    client.run(route, given, (event) => show(event as unknown as RemoteProgress, surface, events, progress))
  try {
    const result = await use({
      client,
      progress,
      signal,
      follow,
      run: async (_, route, given) => {
        const operation = await follow(route, given)
        if (operation.error !== null) throw errorOf(operation.error)
        return operation.result as never
      },
    })
    progress.end('erase')
    return result
  } catch (error) {
    progress.end('keep')
    // An abort reaches some calls as an error of their own: what the user did is what happened.
    if (!signal.aborted || isAngeeError(error, 'RESTORE_UNFINISHED')) throw error
    throw signal.reason
  }
}

/** An error that an operation tells of, as it is. */
export function errorOf({ code, message, hint, context }: NonNullable<RemoteOperation['error']>): AngeeError {
  return new AngeeError(code as AngeeError['code'], message, { ...(hint === undefined ? {} : { hint }), context })
}

type RemoteProgress =
  | (ProgressEvent & { at?: string })
  | { type: 'output'; line: string }
  | { type: 'state'; state: string; at?: string }

/** Shows an event as the same thing is shown that happens here. */
function show(event: RemoteProgress, surface: Surface, events: 'lines' | 'none', progress: Progress): void {
  if (event.type === 'state') return
  if (event.type === 'output') {
    const line = plainText(event.line)
    if (surface.format === 'json' && events === 'lines') surface.out(`${JSON.stringify({ type: 'output', line })}\n`)
    else surface.note(`${line}\n`)
    return
  }
  const { at: _, ...rest } = event
  progress.onProgress(rest as ProgressEvent)
}

/** Never from the command line, where everybody on this machine could read it. USAGE. */
async function readToken(file: string | undefined): Promise<string | undefined> {
  const path = file ?? process.env['ANGEE_OPERATOR_TOKEN_FILE']
  const token = path === undefined ? process.env['ANGEE_OPERATOR_TOKEN'] : await tokenIn(path)
  if (token === undefined || token === '') return undefined
  registerSecret(token)
  if (/^[\x21-\x7e]+$/.test(token)) return token
  throw new AngeeError('USAGE', 'the token of the operator is no token: it has spaces or other characters in it', {
    hint: 'Set ANGEE_OPERATOR_TOKEN to what "angee operator token mint" printed.',
  })
}

async function tokenIn(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (cause) {
    throw new AngeeError('USAGE', `the token file ${path} cannot be read: ${(cause as Error).message}`, {
      hint: 'Write what "angee operator token mint" printed into it.',
      cause,
    })
  }
}
