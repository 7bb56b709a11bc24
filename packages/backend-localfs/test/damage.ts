import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open as openFile, readFile, rm, truncate } from 'node:fs/promises'
import type { PartId } from '@angee/core'
import type { Damage } from '@angee/testkit'

/** Where localfs keeps it, below the directory of its snapshot. `suffix` is what encryption adds. */
export function fileOf(what: PartId | 'manifest', suffix = ''): string {
  if (what === 'manifest') return 'manifest.json'
  const [group, name] = what.split('/')
  return `parts/${group}.${name}${group === 'persist' ? '.tar.zst' : '.zst'}${suffix}`
}

export async function damage(path: string, how: Damage): Promise<void> {
  if (how === 'remove') return rm(path)
  const bytes = await readFile(path)
  if (how === 'cut') return truncate(path, bytes.length - 1)
  const middle = bytes.length >> 1
  await using handle = await openFile(path, 'r+')
  await handle.write(Buffer.of((bytes[middle] ?? 0) ^ 1), 0, 1, middle)
}

/** A process of its own stores one part, is in the middle of another, and is killed. */
export async function killWriter(stackRoot: string, id: string): Promise<void> {
  const file = (name: string) => new URL(name, import.meta.url).pathname
  const writer = spawn(process.execPath, ['--import', file('sources.ts'), file('endless-snapshot.ts'), stackRoot, id], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(writer, 'exit')
  await Promise.race([once(writer.stdout, 'data'), ended])
  writer.kill('SIGKILL')
  const [, signal] = await ended
  if (signal !== 'SIGKILL') throw new Error('the writer ended by itself')
}
