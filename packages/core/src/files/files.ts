import { randomBytes } from 'node:crypto'
import {
  chmod,
  chown,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  rmdir,
  statfs,
  unlink,
} from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimes, syncFileSystem } from '../posix/index.ts'

/**
 * A path on this machine. Names need not be UTF-8: a path that holds a name read from a directory is given as bytes.
 */
export type PathName = string | Buffer

export interface FileFacts {
  kind: 'file' | 'directory' | 'symlink' | 'other'
  device: bigint
  mode: number
  uid: number
  gid: number
  accessNs: bigint
  modificationNs: bigint
}

/**
 * Everything core does to the file system, in one place, so that a test can break any single effect.
 * Nothing here follows a symbolic link in the last segment but `realpath` and `read`.
 */
export interface Files {
  /** The bytes of a file, or undefined when there is none. */
  read(path: string): Promise<Buffer | undefined>
  /** Replaces a file so that after a crash it is wholly old or wholly new. Mode 0600; makes parents (0700). */
  writeDurably(path: string, bytes: Uint8Array): Promise<void>
  /** Undefined when there is nothing. */
  facts(path: PathName): Promise<FileFacts | undefined>
  realpath(path: string): Promise<string>
  /** Names in a directory as bytes, ascending; none when the directory is absent. */
  names(path: PathName): Promise<Buffer[]>
  /** With parents; 0700 unless given. An existing one is left as it is. */
  makeDirectory(path: PathName, mode?: number): Promise<void>
  rename(from: PathName, to: PathName): Promise<void>
  /** Makes the entries of a directory durable. */
  syncDirectory(path: PathName): Promise<void>
  /** Makes everything on the file system of a directory durable. */
  syncFileSystem(directory: string): Promise<void>
  removeFile(path: PathName): Promise<void>
  removeEmptyDirectory(path: PathName): Promise<void>
  /** Gives a directory the mode, owner and times of another. Times alone when the rest is equal. */
  setAttributes(
    path: PathName,
    facts: Pick<FileFacts, 'mode' | 'uid' | 'gid' | 'accessNs' | 'modificationNs'>,
  ): Promise<void>
  /** Every mount point of this machine; none where the platform does not tell. */
  mountPoints(): Promise<string[]>
  /** Bytes an ordinary user may still write on the file system of `path`. */
  freeBytes(path: string): Promise<number>
}

export const nodeFiles: Files = {
  read: (path) => orUndefined(readFile(path)),
  writeDurably,
  facts: (path) => orUndefined(readFacts(path)),
  realpath: (path) => realpath(path),
  names: async (path) => ((await orUndefined(readdir(path, { encoding: 'buffer' }))) ?? []).sort(Buffer.compare),
  makeDirectory: async (path, mode = 0o700) => {
    await mkdir(path, { recursive: true, mode })
  },
  rename: (from, to) => rename(from, to),
  syncDirectory,
  syncFileSystem,
  removeFile: async (path) => {
    await orUndefined(unlink(path))
  },
  removeEmptyDirectory: async (path) => {
    await orUndefined(rmdir(path))
  },
  setAttributes: async (path, { mode, uid, gid, accessNs, modificationNs }) => {
    const now = await readFacts(path)
    if (now.uid !== uid || now.gid !== gid) await chown(path, uid, gid)
    if (now.mode !== mode) await chmod(path, mode)
    setTimes(path, accessNs, modificationNs)
  },
  mountPoints,
  freeBytes: async (path) => {
    const { bavail, bsize } = await statfs(path)
    return bavail * bsize
  },
}

async function readFacts(path: PathName): Promise<FileFacts> {
  const stat = await lstat(path, { bigint: true })
  return {
    kind: stat.isFile() ? 'file' : stat.isDirectory() ? 'directory' : stat.isSymbolicLink() ? 'symlink' : 'other',
    device: stat.dev,
    mode: Number(stat.mode & 0o7777n),
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    accessNs: stat.atimeNs,
    modificationNs: stat.mtimeNs,
  }
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const directory = dirname(path)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  const handle = await open(temporary, 'wx', 0o600)
  try {
    await handle.writeFile(bytes)
    await handle.sync()
    await handle.close()
    await rename(temporary, path)
  } catch (error) {
    await handle.close().catch(() => undefined)
    await rm(temporary, { force: true })
    throw error
  }
  await syncDirectory(directory)
}

async function syncDirectory(path: PathName): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** The fifth field of each line of mountinfo, with its octal escapes undone (proc_pid_mountinfo(5)). */
async function mountPoints(): Promise<string[]> {
  const table = await orUndefined(readFile('/proc/self/mountinfo', 'utf8'))
  return (table ?? '')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((point) => point !== '')
    .map((point) =>
      point.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
    )
}

async function orUndefined<Value>(promise: Promise<Value>): Promise<Value | undefined> {
  try {
    return await promise
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
}
