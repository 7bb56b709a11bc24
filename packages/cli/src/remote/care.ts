import { AngeeError, exitCodes, type ReindexReport } from '@angee/core'
import { api } from '@angee/operator/client'
import { type CopyOptions, whereTo } from '../commands/backup-copy.ts'
import { printDrill } from '../commands/backup-drill.ts'
import { printReindexed } from '../commands/backup-reindex.ts'
import { printRemoved, questionFor, stoppedAfter } from '../commands/backup-rm.ts'
import { printSchedules } from '../commands/backup-schedule.ts'
import { printVerified, refuseUnclear, type Verified } from '../commands/backup-verify.ts'
import { confirmed, declined, requireSomeoneToAsk } from '../confirm.ts'
import { printCopied } from '../output/copied.ts'
import { describeSnapshot } from '../output/describe.ts'
import { plainText } from '../output/style.ts'
import type { Surface } from '../surface.ts'
import { find, isDamage } from './backups.ts'
import { errorOf, type Remote, withOperator } from './connect.ts'
import { drillReportOf, manifestOf } from './manifest.ts'

const { removeBackup, verifyBackups, copyBackup, drillBackup, reindexBackups } = api.backups

export async function backupRm(
  surface: Surface,
  references: readonly string[],
  { force }: { force?: true },
): Promise<number> {
  const question = questionFor(references)
  requireSomeoneToAsk(surface, question)
  const removed = await withOperator(surface, 'lines', async (remote) => {
    const doomed = new Map<string, string>()
    for (const reference of references) await addDoomed(doomed, reference, remote)
    for (const label of surface.yes ? [] : doomed.values()) surface.err(`  ${label}\n`)
    if (!(await confirmed(surface, question, remote.signal))) throw declined()
    return removeAll([...doomed.keys()], force === true, remote)
  })
  return printRemoved(surface, removed)
}

/** All of them must be known before the first one goes. */
async function addDoomed(doomed: Map<string, string>, reference: string, { client }: Remote): Promise<void> {
  try {
    const { snapshot } = await find(client, reference)
    doomed.set(snapshot.id, describeSnapshot(snapshot, Date.now()))
  } catch (error) {
    if (!isDamage(error)) throw error
    doomed.set(reference, `${reference} (cannot be read)`)
  }
}

async function removeAll(ids: readonly string[], force: boolean, { run, signal }: Remote): Promise<string[]> {
  const removed: string[] = []
  for (const id of ids) {
    try {
      signal.throwIfAborted()
      const query = { force: force ? ('true' as const) : ('false' as const) }
      removed.push((await run('remove', removeBackup, { params: { id }, query })).removed)
    } catch (error) {
      throw removed.length === 0 ? error : stoppedAfter(removed, error)
    }
  }
  return removed
}

export async function backupVerify(
  surface: Surface,
  references: readonly string[],
  { all, quick }: { all?: true; quick?: true },
): Promise<number> {
  refuseUnclear(surface, references, all === true)
  const level = quick ? 'quick' : 'full'
  const body = { level, ...(all ? { all: true } : { snapshots: [...references] }) } as const
  const { result, error } = await withOperator(surface, 'none', ({ follow }) => follow(verifyBackups, { body }))
  // Damage is what was asked about: it is in the report.
  if (result === null || (error !== null && error.code !== 'SNAPSHOT_CORRUPT')) throw errorOf(error ?? nothingTold)
  return printVerified(surface, level, (result as unknown as { snapshots: Verified[] }).snapshots)
}

const nothingTold = { code: 'INTERNAL', message: 'the operator told nothing of it', context: {} }

export async function backupCopy(
  surface: Surface,
  [id = '']: readonly string[],
  options: CopyOptions,
): Promise<number> {
  const begun = performance.now()
  if (options.to === undefined && options.from === undefined) throw whereTo([])
  for (const name of [options.to, options.from]) if (name !== undefined) refuseDirectory(name)
  const body = { to: options.to ?? 'default', from: options.from ?? 'default', plain: options.plain === true }
  const { outcome, from, to, snapshot } = await withOperator(surface, 'lines', ({ run }) =>
    run('copy', copyBackup, { params: { id }, body }),
  )
  const result = { outcome, manifest: manifestOf(snapshot) }
  await printCopied(surface, {
    operation: 'copy',
    result,
    from,
    to,
    milliseconds: Math.round(performance.now() - begun),
  })
  return exitCodes.done
}

function refuseDirectory(name: string): void {
  if (!name.includes('/') && !name.startsWith('.')) return
  throw new AngeeError('USAGE', `"${name}" is a directory, and an operator copies to backends with a name only`, {
    hint: 'Name the place under backup.backends in angee.yaml of that stack.',
  })
}

export async function backupDrill(surface: Surface, [id = '']: readonly string[]): Promise<number> {
  const report = await withOperator(surface, 'lines', ({ run }) => run('drill', drillBackup, { params: { id } }))
  return printDrill(surface, drillReportOf(report))
}

export async function backupSchedule(surface: Surface): Promise<number> {
  const { schedules, problem } = await withOperator(surface, 'none', ({ client }) =>
    client.call(api.schedules.listSchedules),
  )
  const exitCode = await printSchedules(surface, schedules)
  if (problem !== null) surface.err(`warning: angee.yaml cannot be read: ${plainText(problem)}\n`)
  return exitCode
}

export async function backupReindex(surface: Surface): Promise<number> {
  const { location, ...report } = await withOperator(surface, 'lines', ({ run }) => run('reindex', reindexBackups, {}))
  return printReindexed(surface, report as ReindexReport, location)
}
