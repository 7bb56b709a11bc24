import { Buffer } from 'node:buffer'
import { constants } from 'node:fs'
import { type FileHandle, link, lstat, open, readdir, rename, unlink } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { Context } from '@angee/core'
import { AngeeError } from '@angee/core/errors'
import { tryLock } from '@angee/core/posix'
import { type ExportSink, sinkError } from './sink.ts'

/*
 * A file is written beside its place, under a name of its own and with a kernel lock on it, and gets its name when it is
 * whole. Such a file without a lock was left by a process that died; the next export into that directory removes it.
 */
const unfinished = /^\.angee-export-[0-9a-f]{12}\.partial$/

/**
 * Makes a file of mode 0600. `check` is called with the path of the whole file before it appears. CONFIRMATION_REQUIRED
 * when something is there already and `force` was not given; USAGE when there cannot be a file.
 */
export async function fileSink(
  path: string,
  force: boolean,
  check: (written: string, ctx: Context) => Promise<void>,
  ctx: Context,
): Promise<ExportSink> {
  const target = resolve(path)
  await refuseWhatIsThere(target, path, force)
  const directory = dirname(target)
  await sweep(directory)
  const random = Buffer.from(ctx.random(new Uint8Array(6))).toString('hex')
  const temporary = join(directory, `.angee-export-${random}.partial`)
  const handle = await open(temporary, 'wx', 0o600).catch((cause: NodeJS.ErrnoException) => {
    throw new AngeeError('USAGE', `${path} cannot be written: ${cause.message}`, {
      hint: cause.code === 'ENOENT' ? `Make the directory first: mkdir -p ${directory}` : 'Choose another place.',
      cause,
    })
  })
  locked(handle)
  let finished = false
  return {
    location: path,
    write: (bytes) =>
      handle.writeFile(bytes).catch((error: unknown) => {
        throw sinkError(error, path)
      }),
    finish: async (own) => {
      await handle.sync().catch((error: unknown) => {
        throw sinkError(error, path)
      })
      await check(temporary, own)
      own.signal.throwIfAborted()
      await publish(temporary, target, path, force)
      finished = true
      await syncDirectory(directory)
    },
    [Symbol.asyncDispose]: async () => {
      if (!finished) await unlink(temporary).catch(() => undefined)
      await handle.close().catch(() => undefined)
    },
  }
}

async function refuseWhatIsThere(target: string, path: string, force: boolean): Promise<void> {
  const found = await lstat(target).catch(() => undefined)
  if (found === undefined) {
    if (basename(target) !== '' && !path.endsWith('/')) return
    throw new AngeeError('USAGE', `${path} names no file`, { hint: `Give it a name: ${join(path, 'snapshot.tar')}` })
  }
  if (found.isDirectory()) {
    throw new AngeeError('USAGE', `${path} is a directory`, {
      hint: `Name a file in it: ${join(path, 'snapshot.tar')}`,
    })
  }
  if (!found.isFile()) {
    throw new AngeeError('USAGE', `${path} is no regular file`, {
      hint: 'To write to a pipe: export to - and redirect.',
    })
  }
  if (!force) throw taken(path)
}

function taken(path: string): AngeeError {
  return new AngeeError('CONFIRMATION_REQUIRED', `${path} exists already`, {
    hint: 'Choose another name, or replace it with --force.',
    context: { path },
  })
}

/** Without `force`, by a hard link: it fails where something has come there meanwhile. Some file systems have none. */
async function publish(temporary: string, target: string, path: string, force: boolean): Promise<void> {
  try {
    if (force) return await rename(temporary, target)
    await link(temporary, target)
    await unlink(temporary)
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') throw taken(path)
    if (force || !['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(code)) throw sinkError(error, path)
    if (await lstat(target).catch(() => undefined)) throw taken(path)
    await rename(temporary, target)
  }
}

async function sweep(directory: string): Promise<void> {
  for (const name of await readdir(directory).catch(() => [])) {
    if (!unfinished.test(name)) continue
    const file = join(directory, name)
    await using handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW).catch(() => undefined)
    if (handle && locked(handle)) await unlink(file).catch(() => undefined)
  }
}

/** Whether the lock could be had. Where there are no locks, it could not, and what lies there stays. */
function locked(handle: FileHandle): boolean {
  try {
    return tryLock(handle.fd)
  } catch {
    return false
  }
}

/** Some file systems cannot sync a directory. */
async function syncDirectory(directory: string): Promise<void> {
  await using handle = await open(directory, 'r').catch(() => undefined)
  await handle?.sync().catch(() => undefined)
}
