import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { password, program, runningOn } from './repository.ts'

/** A process of its own stores one part, is in the middle of another, and is killed; its restic is waited for. */
export async function killWriter(stackRoot: string, repository: string, id: string): Promise<void> {
  const file = (name: string): string => new URL(`../${name}`, import.meta.url).pathname
  const words = ['--import', file('sources.ts'), file('endless-snapshot.ts'), stackRoot, repository, id]
  const writer = spawn(process.execPath, words, {
    env: { ...process.env, RESTIC_PASSWORD: password, RESTIC_PROGRAM: program },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(writer, 'exit')
  await Promise.race([once(writer.stdout, 'data'), ended])
  const running = runningOn(repository)
  writer.kill('SIGKILL')
  const [, signal] = await ended
  if (signal !== 'SIGKILL') throw new Error('the writer ended by itself')
  // Until init has buried it a dead process counts as one that holds its lock.
  while (running.some((pid) => existsSync(`/proc/${pid}`))) await setTimeout(50)
}
