import { exitCodes, fileStore, locateStack, nodeFiles, readCatalog, readManifest } from '@angee/core'
import { isServed, readStates, type ScheduleFacts, scheduleFacts, schedulesOf } from '@angee/operator'
import { printDocument } from '../output/document.ts'
import { formatSchedules } from '../output/schedules.ts'
import type { Surface } from '../surface.ts'

/** Lists what the operator does on a schedule: when next, how it went last, what is overdue. */
export async function backupSchedule(surface: Surface): Promise<number> {
  const place = locateStack(surface.root, process.cwd())
  const store = fileStore(place.stateDirectory, nodeFiles)
  const schedules = schedulesOf(await readManifest(place, nodeFiles), place.root)
  const { records } = await readCatalog(store)
  const facts = scheduleFacts(schedules, await readStates(store), records, () => false, Date.now())
  const exitCode = await printSchedules(surface, facts)
  if (facts.length > 0 && !isServed(place)) {
    surface.note('no operator serves this stack, so nothing is done on a schedule. Start one: angee operator\n')
  }
  return exitCode
}

/** Prints schedules. Gives its exit code. */
export async function printSchedules(surface: Surface, schedules: readonly ScheduleFacts[]): Promise<number> {
  const kinds = schedules.map(({ kind }) => kind)
  await printDocument(surface, schedules, kinds, () =>
    schedules.length === 0 ? '' : formatSchedules(schedules, surface.columns),
  )
  if (schedules.length === 0 && surface.format === 'table') {
    surface.note('no schedules: declare backup.schedule in angee.yaml\n')
  }
  return exitCodes.done
}
