import { rm } from 'node:fs/promises'
import type { Context } from '@angee/core'
import type { Home } from '../home.ts'
import { processFacts } from '../processes/facts.ts'
import { family, type ProcessEntry, processTable } from '../processes/table.ts'
import { endAll, stillAlive } from './end.ts'
import { type WrittenRun, writtenRuns } from './find.ts'

/** Set for everything that one run of a job starts, to a word that no other run has. */
export const runVariable = 'ANGEE_RUN'

/** Milliseconds what a job left behind has to end by itself. */
const grace = 5_000

/** Ends everything that carries the mark of a run, where the kernel tells the environment of processes. */
export function endRun(run: string, ctx: Context): Promise<void> {
  return endAll(async () => carrying(run, await processTable()), grace, ctx)
}

/** Ends the jobs of an angee that has died. Those of one that lives are its own business. */
export async function sweepJobs(home: Home, ctx: Context): Promise<void> {
  for (const written of await writtenRuns(home)) {
    if ((await stillAlive([written.parent])).length > 0) continue
    await endAll(() => ofRun(written), grace, ctx)
    await rm(written.file, { force: true })
  }
}

async function ofRun({ self, run }: WrittenRun): Promise<ProcessEntry[]> {
  const table = await processTable()
  const own = table.get(self.pid)?.started === self.started ? family(table, self.pid) : []
  const marked = carrying(run, table).filter(({ pid }) => !own.some((one) => one.pid === pid))
  return [...own, ...marked]
}

function carrying(run: string, table: ReadonlyMap<number, ProcessEntry>): ProcessEntry[] {
  return [...table.values()].filter(
    ({ pid, state }) => state !== 'dead' && processFacts(pid).environment?.[runVariable] === run,
  )
}
