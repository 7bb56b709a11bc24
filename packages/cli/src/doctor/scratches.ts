import { randomBytes } from 'node:crypto'
import { type BackupBackend, type Context, type Scratch, toAngeeError } from '@angee/core'

/** How long the removal of one may take. Milliseconds. */
const removingTime = 120_000

/** What could not be removed, and where it lies. */
export interface LeftBehind {
  location: string
  problem: string
}

/** An empty repository for one check. Disposing it closes what was opened and removes it. */
export interface ScratchInUse extends AsyncDisposable {
  open(): Promise<BackupBackend>
}

/** The empty repositories of one operation. Every one that was made is removed, by its check or at the end. */
export interface Scratches {
  /** What every one of them has in its name. */
  readonly id: string
  make(): ScratchInUse
  /** Removes what is still there, and tells what could not be. */
  removeAll(): Promise<LeftBehind[]>
}

export function scratches(place: (name: string) => Scratch, ctx: Context): Scratches {
  const id = `angee-doctor-${randomBytes(4).toString('hex')}`
  const there = new Set<Scratch>()
  let count = 0

  /** Also after Ctrl-C: that is when it matters most. */
  const remove = async (scratch: Scratch): Promise<void> => {
    await scratch.remove({ ...ctx, signal: AbortSignal.timeout(removingTime) })
    there.delete(scratch)
  }

  return {
    id,
    make() {
      count += 1
      const scratch = place(`${id}-${count}`)
      const opened: BackupBackend[] = []
      there.add(scratch)
      return {
        async open() {
          const backend = await scratch.open(ctx)
          opened.push(backend)
          return backend
        },
        async [Symbol.asyncDispose]() {
          for (const backend of opened) await backend[Symbol.asyncDispose]()
          // What cannot be removed now is tried again at the end, and named if it cannot be then.
          await remove(scratch).catch(() => undefined)
        },
      }
    },
    async removeAll() {
      const left: LeftBehind[] = []
      for (const scratch of there) {
        await remove(scratch).catch((error: unknown) => {
          left.push({ location: scratch.location, problem: toAngeeError(error).message })
        })
      }
      return left
    },
  }
}
