import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { EndingSignal } from './end-inside.ts'
import { markName } from './wrapper.ts'

/**
 * The same for a container without a shell, whose engine runs on this machine: its processes are then in our own
 * process table. Only a process with the mark in its environment is touched, so a remote engine harms nothing. Gives
 * the number of processes it can see: none when they belong to another machine, or to root and we do not.
 */
export async function signalOnThisMachine(mark: string, signal: EndingSignal): Promise<number> {
  const entries = await readdir('/proc').catch(() => [])
  const pids = entries.filter((entry) => /^\d+$/.test(entry))
  const found = await Promise.all(pids.map(async (pid) => ((await isMarked(pid, mark)) ? Number(pid) : undefined)))
  const family = found.filter((pid) => pid !== undefined)
  for (const pid of family) {
    if (signal !== 'none') send(pid, `SIG${signal}`)
  }
  return family.length
}

async function isMarked(pid: string, mark: string): Promise<boolean> {
  const environment = await readFile(join('/proc', pid, 'environ'), 'latin1').catch(() => '')
  // The client has the mark among its words, not in its environment.
  return environment.split('\0').includes(`${markName}=${mark}`)
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended, or is another user's: the next look shows which.
  }
}
