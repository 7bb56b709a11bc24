import { hostname } from 'node:os'
import type { Context, GarbageReport } from '@angee/core'
import type { ObjectStore } from '../object-store/object-store.ts'
import { readDocument } from './json.ts'
import { parseKey, snapshotsPrefix, writingKey } from './keys.ts'

/** Who is writing a snapshot: so that nobody takes it for garbage meanwhile. */
export interface WritingMark {
  host: string
  pid: number
  since: string
}

/** A writer on another machine that has said nothing for this long is taken for dead. */
const abandonedAfter = 7 * 24 * 3_600_000

/** Removes what writers left that are no more. Committed snapshots and foreign files are never touched. */
export async function collectGarbage(store: ObjectStore, ctx: Context): Promise<GarbageReport> {
  const snapshots = new Map<string, { keys: { key: string; bytes: number }[]; committed: boolean }>()
  for await (const object of store.list(snapshotsPrefix, ctx)) {
    const parsed = parseKey(object.key)
    if (!parsed) continue
    const snapshot = snapshots.get(parsed.id) ?? { keys: [], committed: false }
    if (parsed.rest === 'manifest.json') snapshot.committed = true
    else snapshot.keys.push(object)
    snapshots.set(parsed.id, snapshot)
  }
  const report = (await store.collectGarbage?.(ctx)) ?? { removed: 0, bytes: 0 }
  for (const [id, { keys, committed }] of snapshots) {
    if (committed || !(await isAbandoned(store, id, ctx))) continue
    // The mark goes last: a sweep that is interrupted is then taken up by the next one.
    const ordered = keys.toSorted((a, b) => Number(a.key === writingKey(id)) - Number(b.key === writingKey(id)))
    for (const { key, bytes } of ordered) {
      await store.delete(key, ctx)
      report.removed++
      report.bytes += bytes
    }
  }
  return report
}

async function isAbandoned(store: ObjectStore, id: string, ctx: Context): Promise<boolean> {
  if ((await store.head(writingKey(id), ctx)) === undefined) return true
  const mark = parseMark((await readDocument(store, writingKey(id), ctx)).toString())
  if (!mark) return true
  if (mark.host === hostname()) return !isAlive(mark.pid)
  return ctx.clock.now() - Date.parse(mark.since) > abandonedAfter
}

function parseMark(text: string): WritingMark | undefined {
  try {
    return JSON.parse(text) as WritingMark
  } catch {
    return undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
