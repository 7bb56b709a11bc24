import type { Context, ExecStreams, HookCommand } from '../contract/index.ts'
import { AngeeError, redact } from '../errors/index.ts'
import type { StreamPart } from '../scope/index.ts'
import type { Stack } from '../stack/index.ts'

export type HookStep = 'dump' | 'restore' | 'before' | 'after' | 'seed' | 'check'

/**
 * Runs one command of a hook inside its service. Resolves only when it exited with 0 and its output is delivered.
 * HOOK_FAILED carries the redacted end of its stderr; HOOK_TIMEOUT when it took longer than the hook allows, and then
 * it has been ended.
 */
export async function runHook(
  stack: Pick<Stack, 'runtimes'>,
  part: StreamPart,
  step: HookStep,
  command: HookCommand,
  io: ExecStreams,
  ctx: Context,
): Promise<void> {
  const { service, hook } = part
  const runtime = await stack.runtimes.get(part.runtime)
  const options = {
    env: hook.env,
    ...(hook.user === undefined ? {} : { user: hook.user }),
    ...(hook.workdir === undefined ? {} : { workdir: hook.workdir }),
  }
  using deadline = timeLimit(part, step, ctx)
  const result = await runtime.exec(service, command, io, options, { ...ctx, signal: deadline.signal })
  if (result.exitCode === 0) return
  const end =
    result.exitCode === null ? `was ended by ${result.signal ?? 'a signal'}` : `exited with ${result.exitCode}`
  throw new AngeeError('HOOK_FAILED', `the ${step} hook of service ${service} ${end}${quoted(result.stderrTail)}`, {
    hint: `Run it by hand inside the service to see why: ${shown(command)}`,
    context: { service, step, exitCode: result.exitCode, signal: result.signal, stderr: lastLines(result.stderrTail) },
    retry: 'later',
  })
}

/** A signal that also aborts when the hook's time is up. */
function timeLimit(part: StreamPart, step: HookStep, ctx: Context): { signal: AbortSignal } & Disposable {
  const over = new AbortController()
  const ended = new AbortController()
  const seconds = part.hook.timeout / 1000
  ctx.clock.sleep(part.hook.timeout, ended.signal).then(
    () =>
      over.abort(
        new AngeeError(
          'HOOK_TIMEOUT',
          `the ${step} hook of service ${part.service} took longer than ${seconds} s and was ended`,
          {
            hint: `Raise services.${part.service}.backup.timeout if it needs the time, or find out what it waits for.`,
            context: { service: part.service, step, timeoutMilliseconds: part.hook.timeout },
            retry: 'later',
          },
        ),
      ),
    () => undefined,
  )
  return { signal: AbortSignal.any([ctx.signal, over.signal]), [Symbol.dispose]: () => ended.abort(new Error('ended')) }
}

function shown(command: HookCommand): string {
  return typeof command === 'string'
    ? command
    : command.map((word) => (/\s|'|"/.test(word) ? JSON.stringify(word) : word)).join(' ')
}

function quoted(stderr: string): string {
  const text = lastLines(stderr)
  return text === '' ? ' and wrote nothing to stderr' : `; the end of its stderr:\n${text}`
}

/** The last lines that say why, redacted, at most ten and 2,000 characters. */
function lastLines(stderr: string): string {
  const lines = redact(stderr).trimEnd().split('\n').slice(-10)
  return lines
    .map((line) => `  ${line}`)
    .join('\n')
    .trimEnd()
    .slice(-2000)
}
