import { closeSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { AngeeError, type StackPlace } from '@angee/core'
import { tryLock } from '@angee/core/posix'

/** LOCKED where another operator serves this stack. The kernel gives the lock back, however this process ends. */
export function lockOperator({ stateDirectory, root }: StackPlace): { release(): void } {
  const directory = join(stateDirectory, 'operator')
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const descriptor = openSync(join(directory, 'lock'), 'a', 0o600)
  let held = tryLock(descriptor)
  const release = (): void => {
    if (held) closeSync(descriptor)
    held = false
  }
  if (held) return { release }
  closeSync(descriptor)
  throw new AngeeError('LOCKED', `an operator serves ${root} already`, {
    hint: 'One stack has one operator. End that one first.',
    context: { root },
  })
}

/** Whether an operator of this machine serves that stack now. */
export function isServed({ stateDirectory }: StackPlace): boolean {
  let descriptor: number
  try {
    descriptor = openSync(join(stateDirectory, 'operator', 'lock'), 'r+')
  } catch {
    return false
  }
  const free = tryLock(descriptor)
  closeSync(descriptor)
  return !free
}
