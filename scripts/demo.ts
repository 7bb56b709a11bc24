import { localDemo } from './demo/local-demo.ts'
import { openPlayground } from './demo/playground.ts'
import { composeDemo } from './demo/postgres-demo.ts'
import { say, title } from './demo/words.ts'

/**
 * Snapshots, destroys, restores and compares a small stack in a temporary directory, and shows every command as a
 * person would type it. `--compose`: the same with Postgres and pgvector on Docker Compose. Exits with 0 only when what
 * came back is what was there.
 */
process.exitCode = 1

const [option] = process.argv.slice(2).filter((argument) => argument !== '--')
if (option !== undefined && option !== '--compose') {
  say(`unknown option ${option}: there is only --compose`)
  process.exit(2)
}

const demo = option === '--compose' ? composeDemo : localDemo
const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort())

try {
  await using playground = await openPlayground(interrupted.signal)
  title(demo.title)
  const compared = await demo.run(playground)
  say('')
  say(`The same before and after: ${compared}.`)
  process.exitCode = 0
} catch (error) {
  say('')
  say(interrupted.signal.aborted ? 'Interrupted.' : `Failed: ${error instanceof Error ? error.message : String(error)}`)
  if (interrupted.signal.aborted) process.exitCode = 130
}
