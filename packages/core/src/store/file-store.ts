import { createHash } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { AngeeError } from '../errors/index.ts'
import type { Files } from '../files/index.ts'
import { tryLock } from '../posix/index.ts'
import type { Store, Versioned } from './store.ts'

/** A store in a directory of this machine. Compare-and-set holds between processes through a kernel-released lock. */
export function fileStore(directory: string, files: Files): Store {
  const pathOf = (key: string): string => join(directory, ...checkKey(key))

  async function get(key: string): Promise<Versioned | undefined> {
    const bytes = await files.read(pathOf(key))
    if (bytes === undefined) return undefined
    return {
      bytes,
      get version() {
        return versionOf(bytes)
      },
    }
  }

  async function put(key: string, bytes: Uint8Array, expected: string | undefined): Promise<void> {
    const path = pathOf(key)
    await files.makeDirectory(directory)
    await exclusively(join(directory, '.store-lock'), async () => {
      const present = await get(key)
      if (present?.version !== expected) {
        throw new AngeeError('STORE_CONFLICT', `${key} was changed by another process`, {
          hint: 'Run the command again.',
          retry: 'now',
        })
      }
      await sweep(dirname(path), files)
      await files.writeDurably(path, bytes)
    })
  }

  async function list(prefix: string): Promise<string[]> {
    const parent = prefix.slice(0, prefix.lastIndexOf('/') + 1)
    const names = await files.names(join(directory, parent))
    return names
      .map((name) => parent + name.toString())
      .filter((key) => key.startsWith(prefix) && !key.endsWith('.tmp') && !key.endsWith('.store-lock'))
  }

  return { get, put, list, delete: (key) => files.removeFile(pathOf(key)) }
}

/** Removes what a writer that died had begun to write. The caller holds the lock under which all of them write. */
async function sweep(directory: string, files: Files): Promise<void> {
  for (const name of await files.names(directory)) {
    if (/\.[0-9a-f]{12}\.tmp$/.test(name.toString())) await files.removeFile(join(directory, name.toString()))
  }
}

/**
 * The lock belongs to the open file, so it also holds between two stores of one process. It is polled rather than
 * waited for: its holder may need this very thread to finish.
 */
async function exclusively(lockFile: string, body: () => Promise<void>): Promise<void> {
  const descriptor = openSync(lockFile, 'a', 0o600)
  try {
    while (!tryLock(descriptor)) await setTimeout(5)
    await body()
  } finally {
    closeSync(descriptor)
  }
}

function versionOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function checkKey(key: string): string[] {
  const segments = key.split('/')
  if (segments.every((segment) => /^[A-Za-z0-9._-]+$/.test(segment) && !/^\.+$/.test(segment))) return segments
  throw new AngeeError('INTERNAL', `"${key}" is no store key`)
}
