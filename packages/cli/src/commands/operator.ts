import { AngeeError, type Clock, exitCodes, type Logger, locateStack, nodeFiles, registerSecret } from '@angee/core'
import {
  authzenPermit,
  jsonLogger,
  type Permit,
  parseAddress,
  startOperator,
  tracingFor,
  type Workspaces,
} from '@angee/operator'
import { newContext } from '../context.ts'
import { freePorts } from '../free-ports.ts'
import { stackOpening } from '../session.ts'
import type { Surface } from '../surface.ts'
import { tool } from '../version.ts'
import { makeWorkspace } from '../workspace-maker.ts'
import { removeWorkspace, workspacesOf } from '../workspaces.ts'

export interface OperatorArguments {
  /** False with --no-socket. */
  socket?: string | boolean
  listen?: string
  tokenFile?: string
  allowOwner?: true
  allowHost?: string[]
  policyUrl?: string
  policyTokenFile?: string
  /** Milliseconds. */
  policyTimeout: number
  /** Milliseconds. */
  grace: number
}

/** Serves the stack until a signal ends it. Its log goes to stderr, an object a line. */
export async function operator(surface: Surface, options: OperatorArguments): Promise<number> {
  const { clock, random } = newContext(surface, new AbortController().signal, () => undefined)
  const logger = jsonLogger((line) => surface.err(line), surface.debug ? 'debug' : 'info')
  const { socket, listen, tokenFile, allowHost } = options
  const tracing = await tracingFor({ environment: process.env, version: tool.version, logger })
  const permit = await policyOf(options, logger, clock)
  const ending = Promise.withResolvers<NodeJS.Signals>()
  const started = startOperator({
    opening: stackOpening(surface),
    workspaces: workspacesFor(surface),
    freePorts,
    ...(typeof socket === 'string' || socket === false ? { socket } : {}),
    ...(listen === undefined ? {} : { listen: parseAddress(listen) }),
    ...(tokenFile === undefined ? {} : { tokenFile }),
    allowOwner: options.allowOwner === true,
    allowedHosts: allowHost ?? [],
    ...(permit === undefined ? {} : { permit }),
    ...(tracing === undefined ? {} : { listeners: [tracing.listener] }),
    logger,
    clock,
    random,
  })
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      ending.resolve(name)
      // The first waits for what runs, the second does not.
      started.then((one) => one.stop(options.grace)).catch(() => undefined)
    })
  }
  const running = await started
  if (surface.format !== 'json') surface.out(running.addresses.map((address) => `${address}\n`).join(''))
  else surface.out(`${JSON.stringify({ type: 'listening', addresses: running.addresses })}\n`)
  logger.info('the operator is about to end', { signal: await ending.promise })
  await running.stop(options.grace)
  await tracing?.shutdown()
  return exitCodes.done
}

/** Who is asked besides the scopes of tokens: nobody unless told. USAGE. */
async function policyOf(
  { policyUrl, policyTokenFile, policyTimeout }: OperatorArguments,
  logger: Logger,
  clock: Clock,
): Promise<Permit | undefined> {
  if (policyUrl === undefined) {
    if (policyTokenFile === undefined) return undefined
    throw new AngeeError('USAGE', '--policy-token-file is for --policy-url, which is not given', {
      hint: 'Give the address of the decision point too: --policy-url http://127.0.0.1:8080',
    })
  }
  if (!/^https?:\/\/[^\s/]/.test(policyUrl)) {
    throw new AngeeError('USAGE', `--policy-url is no address: ${policyUrl}`, {
      hint: 'Write it as http://… or https://…, without /access/v1/evaluation at its end.',
    })
  }
  const token = policyTokenFile === undefined ? undefined : await tokenIn(policyTokenFile)
  return authzenPermit({
    url: policyUrl,
    timeout: policyTimeout,
    logger,
    clock,
    ...(token === undefined ? {} : { token }),
  })
}

async function tokenIn(path: string): Promise<string> {
  const token = (await nodeFiles.read(path))?.toString().trim()
  if (token === undefined || !/^[\x21-\x7e]+$/.test(token)) {
    throw new AngeeError('USAGE', `there is no token in ${path}`, { hint: 'It holds the token and nothing else.' })
  }
  registerSecret(token)
  return token
}

/** Templates are looked for where the stack is, wherever the operator was started. */
export function workspacesFor(surface: Surface): Workspaces {
  const given = stackOpening(surface)
  const opening = { ...given, from: locateStack(given.directory, given.from).root }
  const maker = { opening, commandLine: (words: string) => `angee ${words}` }
  return {
    list: (ctx) => workspacesOf(opening, ctx),
    create: (wish, output, ctx) => makeWorkspace(maker, wish, output, ctx),
    destroy: (name, { purge }, ctx) => removeWorkspace(opening, name, purge, ctx),
  }
}
