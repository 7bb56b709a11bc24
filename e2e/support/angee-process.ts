import { type ChildProcess, spawn } from 'node:child_process'
import type { Run } from './angee.ts'
import { peakMemory } from './processes.ts'

const main = new URL('../../packages/cli/dist/main.js', import.meta.url).pathname

/** Starts the built `angee` without waiting for it. `ended` resolves when it has ended, however. */
export function startAngee(
  cwd: string,
  args: string[],
  env: Record<string, string> = {},
): { child: ChildProcess; ended: Promise<Run> } {
  const child = spawn(process.execPath, [main, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
  const ended = new Promise<Run>((resolve) => {
    child.on('exit', (code) => {
      // What it left running may hold its streams open; they are not waited for.
      setTimeout(() => {
        child.stdout.destroy()
        child.stderr.destroy()
        resolve({ code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() })
      }, 50)
    })
  })
  return { child, ended }
}

/** Runs the built `angee` to its end and tells the highest resident memory of its process. */
export async function angeeWithPeak(cwd: string, args: string[]): Promise<Run & { peakBytes: number }> {
  const { child, ended } = startAngee(cwd, args)
  let peakBytes = 0
  const sampling = setInterval(() => {
    void peakMemory(child.pid ?? 0).then((bytes) => {
      peakBytes = Math.max(peakBytes, bytes)
    })
  }, 25)
  const result = await ended
  clearInterval(sampling)
  return { ...result, peakBytes }
}
