import { Buffer } from 'node:buffer'
import { readFile, statfs } from 'node:fs/promises'
import { AngeeError, type Context } from '@angee/core'
import { makeRoot } from './directories.ts'
import { createIncoming } from './incoming-file.ts'
import type { StoreDirectory } from './put.ts'
import { storeError } from './store-error.ts'

/** Less is not worth beginning with: a manifest and its directories need some of it. */
const leastFreeBytes = 16 * 1024 * 1024
const probeBytes = 4096

/** See ObjectStore.preflight: writes a small file, reads it back, removes it, and looks at the free space. */
export async function preflightDirectory({ root, keepOutOfGit }: StoreDirectory, ctx: Context): Promise<void> {
  ctx.signal.throwIfAborted()
  try {
    await makeRoot(root, keepOutOfGit)
    await probe(root, ctx)
    await refuseFullDisk(root)
  } catch (error) {
    throw storeError(error, 'store anything', root)
  }
}

async function probe(root: string, ctx: Context): Promise<void> {
  const written = ctx.random(new Uint8Array(probeBytes))
  await using file = await createIncoming(root, ctx)
  await file.handle.writeFile(written)
  await file.handle.sync()
  if (Buffer.compare(await readFile(file.path), written) !== 0)
    throw new Error('what was written reads back differently')
}

async function refuseFullDisk(root: string): Promise<void> {
  const { bavail, bsize } = await statfs(root)
  const free = bavail * bsize
  if (free >= leastFreeBytes) return
  throw new AngeeError(
    'SPACE_INSUFFICIENT',
    `${root} has ${free} bytes free, and at least ${leastFreeBytes} are needed`,
    {
      hint: "Free space there, remove old snapshots, or set the backend's path to a larger disk.",
      context: { directory: root, free },
      retry: 'later',
    },
  )
}
