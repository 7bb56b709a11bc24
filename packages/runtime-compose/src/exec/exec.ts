import {
  AngeeError,
  type Context,
  type ExecOptions,
  type ExecResult,
  type ExecStreams,
  type HookCommand,
} from '@angee/core'
import { isClientName } from '../engine/client-names.ts'
import { lastLines } from '../engine/errors.ts'
import type { Project } from '../lifecycle/project.ts'
import { type ClientOutcome, runClient } from './client.ts'
import { endInside } from './end-inside.ts'
import { cutBehindStall, cutOutput, heldOpen, notStarted, stoppedMeanwhile } from './failures.ts'
import { type Place, placeOf } from './place.ts'
import { bare, wrapped } from './wrapper.ts'

/** One command on its way: what runs, where, and the mark by which everything it starts is found. */
interface Execution {
  place: Place
  mark: string
  command: HookCommand
  io: ExecStreams
  options: ExecOptions
}

/**
 * Runs a command in the main container of a service, with the promises of `Runtime.exec`. A list of words runs even
 * where the container has no shell; a string does not.
 */
export async function execInService(
  project: Project,
  service: string,
  { command, io, options }: Pick<Execution, 'command' | 'io' | 'options'>,
  ctx: Context,
): Promise<ExecResult> {
  try {
    const place = await placeOf(project, service, options.user, ctx)
    return await execWrapped({ place, mark: newMark(ctx), command, io, options }, ctx)
  } finally {
    // What the command did not read is discarded.
    io.stdin?.destroy()
  }
}

async function execWrapped(execution: Execution, ctx: Context): Promise<ExecResult> {
  const { place, mark, command, io } = execution
  const outcome = await runClient(place, mark, wrapped(execution), io, ctx)
  if (outcome.end?.held) {
    await endInside(place, mark, ctx)
    throw heldOpen(place.service, command)
  }
  if (outcome.end) {
    const { exitCode } = outcome.end
    // What a failed hook has left in the background must not go on writing while its failure is dealt with.
    if (exitCode !== 0) await endInside(place, mark, ctx)
    return { exitCode, signal: null, stderrTail: outcome.stderrTail }
  }
  if (outcome.started) return judgeWithoutEnd(execution, outcome, ctx)

  if (await place.hasStopped()) throw stoppedMeanwhile(place.service, command)
  const words = lastLines(outcome.words + outcome.stderrTail)
  const lacksShell = [126, 127].includes(outcome.exitCode) && words.includes('/bin/sh')
  if (typeof command !== 'string' && lacksShell) return execBare(execution, command, ctx)
  throw notStarted(place.service, command, words)
}

/**
 * The wrapper did not come to its own end: it was killed, or the engine cut the stream. A failure is reported as it
 * is; a success cannot be believed.
 */
async function judgeWithoutEnd(
  { place, mark, command }: Execution,
  { exitCode, stderrTail }: ClientOutcome,
  ctx: Context,
): Promise<ExecResult> {
  if (await place.hasStopped()) throw stoppedMeanwhile(place.service, command)
  await endInside(place, mark, ctx)
  if (exitCode === 0) throw cutOutput(place.service, command)
  return { exitCode, signal: null, stderrTail }
}

/** More than what can have been waiting between the process and us when the engine dropped it. */
const engineBuffers = 4 * 1024 * 1024

async function execBare(execution: Execution, command: readonly string[], ctx: Context): Promise<ExecResult> {
  const { place, mark, io, options } = execution
  const { service } = place
  const refused = Object.keys(options.env ?? {}).filter(isClientName)
  if (refused.length > 0) {
    throw new AngeeError('RUNTIME_FAILED', `${refused.join(', ')} cannot be given to a service without /bin/sh`, {
      hint: `Set it in the environment of ${service} in the Compose file.`,
      context: { service },
    })
  }
  const outcome = await runClient(place, mark, bare(command, mark, options), io, ctx)
  if (await place.hasStopped()) throw stoppedMeanwhile(service, command)
  // Without the wrapper nothing proves the end; the one known way to lose it is a reader that made the engine wait.
  if (outcome.sinceStall !== undefined && outcome.sinceStall < engineBuffers) throw cutBehindStall(service, command)
  return { exitCode: outcome.exitCode, signal: null, stderrTail: outcome.stderrTail }
}

function newMark({ random }: Context): string {
  return Buffer.from(random(new Uint8Array(16))).toString('hex')
}
