import type { Writable } from 'node:stream'
import type { Context, ExecResult } from '@angee/core'
import type { FakeProcess, FakeProgram } from './program.ts'
import { runProgram } from './run.ts'

/** Runs a job's program: what it writes to stdout and to stderr goes to `output`. */
export function runJobProgram(
  program: FakeProgram,
  world: Pick<FakeProcess, 'command' | 'env' | 'user' | 'workdir'>,
  output: Writable | undefined,
  ctx: Context,
): Promise<ExecResult> {
  const saysAll: FakeProgram = (process) => {
    const stderr = (text: string) => {
      process.stderr(text)
      process.stdout.write(text)
    }
    return program({ ...process, stderr })
  }
  return runProgram(saysAll, world, output === undefined ? {} : { stdout: output }, ctx)
}
