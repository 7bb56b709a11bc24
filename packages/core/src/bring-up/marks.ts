import type { Store } from '../store/index.ts'

/** What is remembered of a job: that it has run, and for whom. */
export interface JobMark {
  /**
   * `loaded`: a restore job has put the data in place, and masking is not done. `done`: it has ended well.
   */
  state: 'loaded' | 'done'
  /** Another one for each time. */
  run: string
  /** ISO 8601, UTC. */
  at: string
  /** Of a restore job: the snapshot, in full. */
  snapshot?: string
  /** Of a job that depends on restore jobs: the runs of these that it has followed, by name. */
  followed?: Record<string, string>
}

/** The mark of a job; undefined when it never ran, or what is remembered cannot be read: it then runs again. */
export async function readMark(store: Store, job: string): Promise<JobMark | undefined> {
  const value = await store.get(keyOf(job))
  if (value === undefined) return undefined
  try {
    return JSON.parse(value.bytes.toString()) as JobMark
  } catch {
    return undefined
  }
}

/** Remembers durably. The caller holds the stack's lock. */
export async function writeMark(store: Store, job: string, mark: JobMark): Promise<void> {
  const present = await store.get(keyOf(job))
  await store.put(keyOf(job), Buffer.from(JSON.stringify(mark, undefined, 1)), present?.version)
}

function keyOf(job: string): string {
  return `jobs/${Buffer.from(job).toString('hex')}.json`
}

/** The job counts as never run. */
export function forgetMark(store: Store, job: string): Promise<void> {
  return store.delete(keyOf(job))
}
