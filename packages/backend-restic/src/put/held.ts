import { closeSync, mkdtempSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeFifo } from '@angee/core/posix'

/** Holds a `restic backup` between the opening of the repository and the first look at the tree. */
export interface Hold extends Disposable {
  /** What that restic is started with. */
  readonly words: readonly string[]
  /** Lets it go on. Disposing does it too. */
  release(): void
}

/**
 * restic spends half a second or more on opening a repository, most of it on its key. It does so before it reads files of
 * exclude patterns, and reads those before it looks at anything to store. So one of them is a pipe that ends, empty,
 * when the hold is released; meanwhile other work is done.
 */
export function holdBackup(): Hold {
  const directory = mkdtempSync(join(tmpdir(), 'angee-'))
  const path = join(directory, 'hold')
  let open: number | undefined
  try {
    makeFifo(path, 0o600)
    // For reading too: with a writer alone it would wait for restic here.
    open = openSync(path, 'r+')
  } catch (error) {
    rmSync(directory, { recursive: true, force: true })
    throw error
  }
  const release = (): void => {
    if (open === undefined) return
    // A restic that has not come to it yet finds a file that is empty; one that waits at the pipe sees it end.
    writeFileSync(`${path}.over`, '')
    renameSync(`${path}.over`, path)
    closeSync(open)
    open = undefined
  }
  return {
    words: [`--exclude-file=${path}`],
    release,
    [Symbol.dispose]: () => {
      release()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
