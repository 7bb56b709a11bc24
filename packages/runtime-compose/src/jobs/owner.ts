import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/**
 * Says of which process a container is, so that another one can tell whether that still lives. A pid alone is used again;
 * with the boot and the moment of its start it is not. Where /proc does not tell them, the pid has to do.
 */
export function ownerLabel(): string {
  return [hostname(), boot(), pidSpace(), process.pid, startOf(process.pid)].join('/')
}

/** Whether that process has certainly ended. One of another machine or container may live. */
export function isGone(owner: string): boolean {
  const [host, itsBoot, space, pid, start] = owner.split('/')
  if (host !== hostname()) return false
  if (itsBoot !== boot()) return true
  if (space !== pidSpace()) return false
  return !isAlive(Number(pid)) || startOf(Number(pid)) !== start
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** The 22nd field of its stat (proc_pid_stat(5)), counted behind the name, which may hold anything. */
function startOf(pid: number): string {
  const stat = orEmpty(() => readFileSync(`/proc/${pid}/stat`, 'utf8'))
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}

function boot(): string {
  return orEmpty(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim())
}

function pidSpace(): string {
  return orEmpty(() => readlinkSync('/proc/self/ns/pid'))
}

function orEmpty(read: () => string): string {
  try {
    return read()
  } catch {
    return ''
  }
}
