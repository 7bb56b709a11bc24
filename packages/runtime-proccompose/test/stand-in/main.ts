/**
 * A program that stands in for process-compose where that cannot be had: the flags, the reading of the file, the states,
 * the routes and the refusals this runtime relies on, as the source of process-compose has them at v1.122, for real
 * child processes. It is kept honest by the same cases that run against the real program.
 */
import { spawn } from 'node:child_process'
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { parseFlags } from './flags.ts'
import { fatal } from './load.ts'
import { openProject } from './project.ts'
import { serve } from './server.ts'

const words = process.argv.slice(2)
const flags = parseFlags(words)

if (flags.command === 'version') {
  console.log('Process Compose\nVersion:\tstand-in')
} else if (flags.command === 'up') {
  up()
} else fatal(`unknown command "${flags.command}" for "process-compose"`)

function up(): void {
  mkdirSync(dirname(flags.logFile), { recursive: true, mode: 0o700 })
  writeFileSync(flags.logFile, '', { mode: 0o600 })
  const project = openProject(flags, (line) => appendFileSync(flags.logFile, `${line}\n`))
  if (flags.detached) {
    // Its files have been read by now: a mistake in them shows in the exit code.
    const rest = words.filter((word) => word !== '-D' && word !== '--detached')
    spawn(process.argv[1] ?? '', [...rest, '-t=false'], { detached: true, stdio: 'ignore' }).unref()
    return
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void project.shutDown())
  serve(flags, project)
}
