import { rmdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Context,
  type Files,
  isOrphaned,
  type LockOwner,
  lockHolder,
  lockStack,
  type StackPlace,
} from '@angee/core'
import { stateDirectoryOf } from './registry.ts'

/** A lock on one workspace. The kernel frees it when the process ends, however it ends. */
export interface WorkspaceLock extends AsyncDisposable {
  /** Leaves no trace of the lock when it is released: nothing of the workspace is left either. */
  forget(): void
}

/** Takes the lock of one workspace, so that others may be created and destroyed meanwhile. LOCKED says who holds it. */
export async function lockWorkspace(
  place: StackPlace,
  name: string,
  operation: string,
  { files, ctx }: { files: Files; ctx: Context },
): Promise<WorkspaceLock> {
  const directory = lockDirectory(place, name)
  const id = Buffer.from(ctx.random(new Uint8Array(8))).toString('hex')
  let held = await lockStack(directory, { operation, id }, files, ctx.clock)
  // Its last holder may have removed the file between our opening and locking it: then nobody else sees our lock.
  while (holderOf(directory)?.id !== id) {
    held[Symbol.dispose]()
    held = await lockStack(directory, { operation, id }, files, ctx.clock)
  }
  let isForgotten = false
  return {
    forget: () => {
      isForgotten = true
    },
    [Symbol.asyncDispose]: async () => {
      if (isForgotten) await removeLock(directory)
      held[Symbol.dispose]()
    },
  }
}

/**
 * Whether some process works on that workspace now. What one that died has left running does not: who takes the lock next
 * ends it.
 */
export function isLocked(place: StackPlace, name: string): boolean {
  const holder = holderOf(lockDirectory(place, name))
  return holder !== undefined && !isOrphaned(holder)
}

function lockDirectory(place: StackPlace, name: string): string {
  return join(stateDirectoryOf(place), 'locks', name)
}

function holderOf(directory: string): LockOwner | undefined {
  try {
    return lockHolder(directory)
  } catch (error) {
    // Released, and its file removed, while we looked.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function removeLock(directory: string): Promise<void> {
  await unlink(join(directory, 'lock'))
  // Unless somebody has made a new lock already.
  await rmdir(directory).catch(() => undefined)
}
