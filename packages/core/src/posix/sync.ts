import { closeSync, openSync } from 'node:fs'
import { lastSystemError, requirePosix, systemCall } from './library.ts'

/**
 * Resolves when everything written to the file system that holds `directory` would survive a power cut. Runs beside the
 * event loop: it may take as long as the disk needs.
 */
export async function syncFileSystem(directory: string): Promise<void> {
  requirePosix()
  const descriptor = openSync(directory, 'r')
  try {
    // macOS has no syncfs(2); its sync(2) covers every file system.
    if (process.platform === 'linux') await beside('int syncfs(int descriptor)', descriptor)
    else await beside('void sync(void)')
  } finally {
    closeSync(descriptor)
  }
}

function beside(prototype: string, ...words: unknown[]): Promise<void> {
  const call = systemCall(prototype) as unknown as { async(...words: unknown[]): void }
  return new Promise((resolve, reject) => {
    call.async(...words, (error: Error | null, result: number | undefined) => {
      if (error) reject(error)
      else if (result === -1) reject(lastSystemError('syncfs', String(words[0])))
      else resolve()
    })
  })
}
