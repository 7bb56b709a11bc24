import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { Context } from '@angee/core'
import type { Purpose } from './errors.ts'
import { incoming } from './keys.ts'
import { lookInto } from './look.ts'
import { remove } from './remove.ts'
import type { Server } from './server.ts'

/** What another machine has not finished for this long is taken for abandoned. Milliseconds. */
const abandonedAfter = 7 * 24 * 3_600_000

/** This process, so that what an earlier one with the same number left is not taken for ours. */
const thisProcess = randomUUID()
const thisHost = hostname().replaceAll(/[^A-Za-z0-9.-]/g, '-')
const inProgress = new Set<string>()

/** The path of an object that is being stored. Disposing says that nobody is at it any more; it does not remove it. */
export interface Incoming extends Disposable {
  readonly path: string
}

/** A new path for an object that is being stored. It tells others who does so and since when. */
export function newIncoming({ clock }: Context): Incoming {
  const name = [clock.now(), thisHost, process.pid, thisProcess, randomUUID()].join('~')
  inProgress.add(name)
  return { path: incoming + name, [Symbol.dispose]: () => void inProgress.delete(name) }
}

/** Removes what puts left whose process has ended. What is no name of ours is left alone. */
export async function collectIncoming(server: Server, ctx: Context): Promise<{ removed: number; bytes: number }> {
  const purpose: Purpose = { text: 'look for what interrupted writers left', writes: false }
  // One that is put into its place while the server lists is in the listing, and nobody is at it any more.
  const atWork = new Set(inProgress)
  const began = ctx.clock.now()
  const report = { removed: 0, bytes: 0 }
  for (const { name, bytes = 0, isCollection } of (await lookInto(server, incoming, purpose, ctx.signal)) ?? []) {
    if (isCollection || atWork.has(name) || !isAbandoned(name, began)) continue
    await remove(server, incoming + name, ctx)
    report.removed += 1
    report.bytes += bytes
  }
  return report
}

function isAbandoned(name: string, now: number): boolean {
  const [since, host, pid, ofProcess, ...rest] = name.split('~')
  if (rest.length !== 1 || ofProcess === undefined) return false
  if (host !== thisHost) return now - Number(since) > abandonedAfter
  if (ofProcess === thisProcess) return !inProgress.has(name) && Number(since) < now
  // With our number it was one before us: in a container every first process has the number 1.
  return Number(pid) === process.pid || !isAlive(Number(pid))
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
