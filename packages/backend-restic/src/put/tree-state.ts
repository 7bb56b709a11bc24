import { createHash } from 'node:crypto'
import { type BigIntStats, type Dirent, lstatSync, readdirSync } from 'node:fs'
import { setImmediate, setTimeout } from 'node:timers/promises'
import type { Context, TreeSource } from '@angee/core'
import { listAttributes } from '@angee/core/posix'
import type { RootMetadata } from '../snapshots/locator.ts'

/** What a tree is at one moment, by everything but its content. */
export interface TreeState {
  /** Equal for two moments between which no entry was changed, added or removed. */
  fingerprint: string
  root: RootMetadata
  /** Owner and group (`uid:gid`) of all entries where it is the same, else null. */
  owner: string | null
  /** Why restic would not give back the same tree, or undefined where it would. */
  unkept: string | undefined
}

/** Entries between two turns of the event loop: other parts are being stored meanwhile. */
const entriesAtOnce = 500
/** restic computes times in 64-bit nanoseconds. */
const farthestTime = 2n ** 63n
/** A tree that is written to without a pause never settles. */
const walks = 3
/** Bytes that the slowest disk takes in a second, and for how many seconds one call is believed to write. */
const writtenInSecond = 16 << 20
const longestWrite = 5
/** How long a tree is waited for, in milliseconds. */
const longestWait = 6000

/**
 * The state of a tree that has settled, so that any later change shows in another fingerprint; undefined when it
 * does not settle or cannot be walked.
 */
export async function settledState(source: TreeSource, ctx: Context): Promise<TreeState | undefined> {
  for (let walk = 1; walk <= walks; walk++) {
    const startedAt = Date.now()
    const found = await walkTree(source, listAttributes, ctx).catch(() => undefined)
    ctx.signal.throwIfAborted()
    if (!found) return undefined
    const missing = found.settledAt - startedAt
    if (missing < 0) return found.state
    if (missing > longestWait) return undefined
    await setTimeout(missing + 1, undefined, { signal: ctx.signal }).catch(() => ctx.signal.throwIfAborted())
  }
  return undefined
}

/** The fingerprint as it is now; undefined when the tree cannot be walked. */
export async function fingerprintNow(source: TreeSource, ctx: Context): Promise<string | undefined> {
  // A change of an attribute shows in the change time.
  const found = await walkTree(source, () => [], ctx).catch(() => undefined)
  ctx.signal.throwIfAborted()
  return found?.state.fingerprint
}

async function walkTree(
  { directory, exclude }: TreeSource,
  attributesOf: typeof listAttributes,
  ctx: Context,
): Promise<{ state: TreeState; settledAt: number }> {
  const hash = createHash('sha256')
  const excluded = new Set(exclude.map((path) => Buffer.from(path).toString('latin1')))
  const owners = new Set<string>()
  const stat = lstatSync(directory, { bigint: true })
  const device = stat.dev
  let settledAt = 0
  let unkept: string | undefined
  let entries = 0

  const add = (path: string, stat: BigIntStats, attributes: readonly { name: string }[]): void => {
    const { dev, ino, mode, nlink, uid, gid, rdev, size, mtimeNs, ctimeNs } = stat
    const links = stat.isDirectory() ? 0n : nlink
    hash.update(
      `${path}\0${dev} ${ino} ${mode} ${links} ${uid} ${gid} ${rdev} ${size} ${mtimeNs} ${ctimeNs}\n`,
      'latin1',
    )
    settledAt = Math.max(settledAt, settledAtOf(stat))
    if (owners.size < 2) owners.add(`${uid}:${gid}`)
    unkept ??= dev === device ? unkeptOf(stat, attributes) : 'what lies on another file system'
  }

  const walk = async (absolute: string, prefix: string): Promise<void> => {
    for (const { name } of listDirectory(absolute)) {
      const path = prefix + name
      if (excluded.has(path)) continue
      const at = `${absolute}/${name}`
      const stat = lstatSync(Buffer.from(at, 'latin1'), { bigint: true })
      add(path, stat, attributesOf(Buffer.from(`${at}\0`, 'latin1')))
      if (++entries % entriesAtOnce === 0) {
        await setImmediate()
        ctx.signal.throwIfAborted()
      }
      if (stat.isDirectory()) await walk(at, `${path}/`)
    }
  }

  const top = Buffer.from(directory).toString('latin1')
  const attributes = attributesOf(Buffer.from(`${directory}\0`))
  add('', stat, attributes)
  await walk(top, '')
  const root: RootMetadata = {
    mode: Number(stat.mode & 0o7777n),
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    mtimeNs: String(stat.mtimeNs),
    attributes: attributes.map(({ name, value }) => [
      Buffer.from(name, 'latin1').toString('base64'),
      value.toString('base64'),
    ]),
  }
  const owner = owners.size === 1 ? [...owners][0] : undefined
  return { state: { fingerprint: hash.digest('hex'), root, owner: owner ?? null, unkept }, settledAt }
}

/**
 * From when on, in milliseconds since 1970, a further change of an entry would have another time. Clocks of file systems
 * stand still for some milliseconds, some count seconds. And one call that writes much sets the time when it begins.
 */
function settledAtOf(stat: BigIntStats): number {
  const clock = stat.ctimeNs % 1_000_000_000n === 0n ? 2000 : 20
  const writing = stat.isFile() ? Math.min(Number(stat.size) / writtenInSecond, longestWrite) * 1000 : 0
  return Number(stat.ctimeMs) + clock + writing
}

/** What restic 0.18 stores or restores otherwise; found by comparing every kind of entry after a restore. */
function unkeptOf(stat: BigIntStats, attributes: readonly { name: string }[]): string | undefined {
  if (!stat.isFile() && !stat.isDirectory() && stat.nlink > 1n) return 'hard links to something that is no file'
  if (stat.mtimeNs >= farthestTime || stat.mtimeNs < -farthestTime) return 'times before 1678 or after 2262'
  if (attributes.some(({ name }) => !isUtf8(name))) return 'names of extended attributes that are no UTF-8'
  return undefined
}

function isUtf8(latin1: string): boolean {
  const bytes = Buffer.from(latin1, 'latin1')
  return bytes.equals(Buffer.from(bytes.toString('utf8')))
}

/** Ascending by bytes: Latin-1 strings compare as the bytes they stand for. */
function listDirectory(path: string): Dirent<string>[] {
  const list = readdirSync(Buffer.from(path, 'latin1'), { encoding: 'latin1', withFileTypes: true })
  return list.sort((a, b) => (a.name < b.name ? -1 : 1))
}
