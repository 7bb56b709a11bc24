import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../contract/index.ts'
import { AngeeError } from '../errors/index.ts'
import type { Files } from '../files/index.ts'
import { makeInheritable, tryLock, unlock } from '../posix/index.ts'
import { endHolders } from './holders.ts'

/** Who holds a stack's lock. */
export interface LockOwner {
  operation: string
  id: string
  pid: number
  host: string
  since: string
}

/** How long what a killed process had started may take to end before its stack counts as locked, and how often to look. */
const orphanPatience = 10_000
const orphanPoll = 100
const orphanKill = 5_000

/**
 * Takes the lock of a stack for one operation. The kernel releases it when this process has ended, however it ends, and
 * with it every hook it started: a hook that outlives a killed process could otherwise write into what the next command
 * repairs. Dispose it to release. LOCKED says who holds it.
 */
export async function lockStack(
  directory: string,
  operation: { operation: string; id: string },
  files: Files,
  clock: Clock,
): Promise<Disposable> {
  await files.makeDirectory(directory)
  const path = join(directory, 'lock')
  const descriptor = openSync(path, 'a+', 0o600)
  try {
    for (let waited = 0; !tryLock(descriptor); waited += orphanPoll) {
      const holder = readOwner(path)
      if (!isOrphaned(holder) || waited >= orphanPatience) throw heldBy(holder)
      if (waited === 0) endHolders(path, 'SIGTERM')
      if (waited === orphanKill) endHolders(path, 'SIGKILL')
      await clock.sleep(orphanPoll)
    }
    makeInheritable(descriptor)
  } catch (error) {
    closeSync(descriptor)
    throw error
  }
  const owner: LockOwner = {
    ...operation,
    pid: process.pid,
    host: hostname(),
    since: new Date(clock.now()).toISOString(),
  }
  ftruncateSync(descriptor)
  writeSync(descriptor, JSON.stringify(owner))
  return {
    [Symbol.dispose]: () => {
      ftruncateSync(descriptor)
      unlock(descriptor)
      closeSync(descriptor)
    },
  }
}

/** Whether the process that took the lock is gone, so that something it started holds it still. */
export function isOrphaned(owner: LockOwner | undefined): boolean {
  if (owner === undefined || owner.host !== hostname()) return false
  try {
    process.kill(owner.pid, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

/** Who holds the lock of a stack now, without taking it; undefined when nobody does. */
export function lockHolder(directory: string): LockOwner | undefined {
  const path = join(directory, 'lock')
  const owner = readOwner(path)
  // Its holder empties the file when done. A name without a lock is of a process that died.
  if (owner === undefined) return undefined
  const descriptor = openSync(path, 'r')
  try {
    return tryLock(descriptor) ? undefined : owner
  } finally {
    closeSync(descriptor)
  }
}

function readOwner(path: string): LockOwner | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as LockOwner
  } catch {
    // The holder is between taking the lock and writing its name: it is held all the same.
    return undefined
  }
}

function heldBy(owner: LockOwner | undefined): AngeeError {
  const who = owner
    ? `${owner.operation} ${owner.id} (process ${owner.pid} on ${owner.host}, since ${owner.since})`
    : 'another process'
  const orphaned = isOrphaned(owner)
  return new AngeeError(
    'LOCKED',
    `the stack is locked by ${who}${orphaned ? '; it has ended, and a hook it started still runs' : ''}`,
    {
      hint: orphaned
        ? 'Wait until the hook has ended, or end it. The lock goes by itself then.'
        : 'Wait until it has ended. The lock goes by itself when its process does.',
      context: { ...owner },
      retry: 'later',
    },
  )
}
