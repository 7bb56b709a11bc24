import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const fromSource = new URL('./from-source.ts', import.meta.url).href

/** What was compiled before need not be again: see vitest.config.ts. */
const cache = process.env['NODE_COMPILE_CACHE']
const compiled = cache === undefined ? {} : { NODE_COMPILE_CACHE: cache }

export interface Finished {
  exitCode: number | null
  stdout: string
  stderr: string
}

/** Starts the program as a person would, without a terminal. The colours of this terminal stay out of it. */
export function startAngee(directory: string, args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, ['--import', fromSource, main, ...args], {
    cwd: directory,
    env: { ...compiled, PATH: process.env['PATH'] ?? '', HOME: directory, TZ: 'UTC', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const finished = new Promise<Finished>((resolve) => {
    child.on('close', (exitCode) => resolve({ exitCode, stdout, stderr }))
  })
  return { child, finished, stdout: () => stdout, stderr: () => stderr }
}

/** Starts the program at a terminal of 100 columns, whose output this is. What is written to its stdin is typed there. */
export function startAtTerminal(directory: string, args: readonly string[]) {
  const words = [process.execPath, '--import', fromSource, main, ...args].map((word) => `'${word}'`).join(' ')
  return spawn('script', ['-qec', `stty cols 100 && ${words}`, '/dev/null'], {
    cwd: directory,
    env: { ...compiled, PATH: process.env['PATH'] ?? '', HOME: directory, TZ: 'UTC', TERM: 'xterm' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
}

/** Runs the program to its end. */
export function angee(directory: string, ...args: string[]): Promise<Finished> {
  return startAngee(directory, args).finished
}
