import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs'

/**
 * Signals every other process that has a share in the lock: what a killed process had started and left behind. One that
 * merely has the file open, to wait for the lock, has none. Only Linux tells; elsewhere they are waited for.
 */
export function endHolders(lockFile: string, signal: NodeJS.Signals): void {
  const file = realpathSync(lockFile)
  for (const pid of processes()) {
    if (pid === process.pid || !holds(pid, file)) continue
    try {
      process.kill(pid, signal)
    } catch {
      // It has just ended, or belongs to somebody else: then it is waited for.
    }
  }
}

function processes(): number[] {
  return entries('/proc').map(Number).filter(Number.isInteger)
}

/** The kernel lists a lock with each descriptor that shares it (proc_pid_fdinfo(5)). */
function holds(pid: number, file: string): boolean {
  return entries(`/proc/${pid}/fd`).some((descriptor) => {
    try {
      if (readlinkSync(`/proc/${pid}/fd/${descriptor}`) !== file) return false
      return readFileSync(`/proc/${pid}/fdinfo/${descriptor}`, 'utf8').includes('FLOCK')
    } catch {
      return false
    }
  })
}

function entries(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}
