import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { S3Options } from '../../src/index.ts'

/** A process of its own stores one part of snapshot `id`, is in the middle of another, and is killed. */
export async function killWriter(options: S3Options, id: string): Promise<void> {
  const file = (name: string) => new URL(name, import.meta.url).pathname
  const writer = spawn(process.execPath, ['--import', file('sources.ts'), file('endless-snapshot.ts'), id], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, S3_OPTIONS: JSON.stringify(options) },
  })
  const ended = once(writer, 'exit')
  await Promise.race([once(writer.stdout, 'data'), ended])
  writer.kill('SIGKILL')
  const [, signal] = await ended
  if (signal !== 'SIGKILL') throw new Error('the writer ended by itself')
}
