import assert from 'node:assert/strict'
import { PassThrough, type Readable } from 'node:stream'
import {
  type ErrorCode,
  type ExecOptions,
  type ExecResult,
  type HookCommand,
  isAngeeError,
  type Runtime,
  type ServiceStatus,
} from '@angee/core'
import { type TestContext, testContext } from '../fakes/index.ts'
import { readAll } from '../streams/index.ts'
import type { Behaviour } from './behaviour.ts'

/**
 * A stack with three services. Cases run one after the other and leave services stopped or paused, so `open` may hand
 * out the same stack again as long as it brings every service back to the state written here.
 */
export interface RuntimeFixture extends AsyncDisposable {
  readonly runtime: Runtime
  /** Runs until stopped and declares no health check. Running when opened. */
  readonly service: string
  /** Declares a health check that passes soon after its start. Stopped or absent when opened. */
  readonly checked: string
  /** Ends by itself soon after its start, with exit code 3, and is not started again. Stopped or absent when opened. */
  readonly failing: string
  /** A user other than the one `service` runs as. */
  readonly user: string
  /** An absolute path, as `pwd` shows it: a directory where `service` can run commands, not its own working directory. */
  readonly workdir: string
  /** The command for a behaviour: {@link shellCommand} wherever there is a real shell. */
  command(behaviour: Behaviour): HookCommand
  /** One line for each process that lives where `service` runs its commands, with its arguments. No zombies. */
  processes(): Promise<readonly string[]>
}

/** Opens a fixture for one case. */
export type OpenRuntime = () => Promise<RuntimeFixture>

export interface Ran extends ExecResult {
  stdout: Buffer
}

/** Runs a behaviour to its end and collects its output. */
export async function run(
  { runtime, service, command }: RuntimeFixture,
  behaviour: Behaviour,
  { stdin, options = {}, ctx = testContext() }: { stdin?: Readable; options?: ExecOptions; ctx?: TestContext } = {},
): Promise<Ran> {
  const stdout = new PassThrough()
  const output = readAll(stdout)
  // When exec rejects, the output that nobody waits for any more must not fail the process.
  output.catch(() => undefined)
  try {
    const io = stdin === undefined ? { stdout } : { stdin, stdout }
    const result = await runtime.exec(service, command(behaviour), io, options, ctx)
    assert.equal(stdout.writableEnded, false, 'exec has ended the stdout it was given')
    stdout.end()
    return { ...result, stdout: await output }
  } finally {
    stdout.destroy()
  }
}

/**
 * The exit code as a POSIX shell gives it: 128 and the signal's number for a process that a signal ended. A runtime
 * that sees the signal reports the signal; one that sees only a number reports that number: both mean the same.
 */
export function shellCode({ exitCode, signal }: ExecResult): number | null {
  const numbers: Record<string, number> = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGKILL: 9, SIGPIPE: 13, SIGTERM: 15 }
  return signal === null ? exitCode : 128 + (numbers[signal] ?? Number.NaN)
}

/** The status of one service. */
export async function statusOf({ runtime }: RuntimeFixture, service: string): Promise<ServiceStatus> {
  const found = (await runtime.status(testContext())).filter((status) => status.service === service)
  assert.equal(found.length, 1, `status has ${found.length} entries for ${service}`)
  return found[0] as ServiceStatus
}

/** Fails when a process with that mark lives. */
export async function assertNoneLeft(fixture: Pick<RuntimeFixture, 'processes'>, mark: string): Promise<void> {
  const left = (await fixture.processes()).filter((line) => line.includes(mark))
  assert.deepEqual(left, [], 'processes were left behind')
}

/** Fails unless `promise` rejects with an AngeeError of one of these codes. */
export async function assertFails(promise: Promise<unknown>, ...codes: ErrorCode[]): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(isAngeeError(error), `expected an AngeeError ${codes.join(' or ')}, got ${String(error)}`)
    assert.ok(codes.includes(error.code), `expected ${codes.join(' or ')}, got ${error.code}: ${error.message}`)
    return true
  })
}

/** Fails unless `promise` rejects with exactly `reason`. */
export async function assertRejectsWithReason(promise: Promise<unknown>, reason: unknown): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.equal(error, reason)
    return true
  })
}
