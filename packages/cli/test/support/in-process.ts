import { vi } from 'vitest'
import { run } from '../../src/run.ts'
import type { Finished } from './angee.ts'

/** Runs the program in this process: without the seconds that a hundred starts take on a busy machine. */
export async function angeeHere(...argv: string[]): Promise<Finished> {
  let stdout = ''
  let stderr = ''
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout += text
    return true
  })
  const err = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += text
    return true
  })
  try {
    return { exitCode: await run(argv), stdout, stderr }
  } finally {
    out.mockRestore()
    err.mockRestore()
    // Each command waits for Ctrl-C in its own way.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeAllListeners(signal)
  }
}
