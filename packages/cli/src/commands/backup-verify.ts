import {
  AngeeError,
  type CheckReport,
  errorCodes,
  exitCodes,
  isAngeeError,
  resolveSnapshot,
  verifySnapshot,
} from '@angee/core'
import { printDocument } from '../output/document.ts'
import { counted, formatBytes } from '../output/format.ts'
import { plainText } from '../output/style.ts'
import { formatTable } from '../output/table.ts'
import { type Session, withStack } from '../session.ts'
import { commandLine, type Surface } from '../surface.ts'

/** What was found of one snapshot. */
export interface Verified {
  id: string
  ok: boolean
  bytesRead: number
  parts: CheckReport['parts']
  /** Why it could not be checked part by part. */
  problem?: string
}

/** Checks stored snapshots and prints one report. Exit code 14 when any of them is damaged. */
export async function backupVerify(
  surface: Surface,
  references: readonly string[],
  all: boolean,
  quick: boolean,
): Promise<number> {
  refuseUnclear(surface, references, all)
  const level = quick ? 'quick' : 'full'
  const snapshots = await withStack(surface, { events: 'none' }, async (session) => {
    const ids = all ? await everyId(session) : await chosenIds(references, session)
    const reports: Verified[] = []
    for (const [index, id] of ids.entries()) {
      session.ctx.onProgress({
        type: 'phase',
        phase: 'verify',
        message: `verifying ${id} (${index + 1} of ${ids.length})`,
      })
      reports.push(await verifyOne(id, level, session))
    }
    return reports
  })
  return printVerified(surface, level, snapshots)
}

/** Prints the report of a verification. Gives its exit code. */
export async function printVerified(
  surface: Surface,
  level: 'quick' | 'full',
  snapshots: readonly Verified[],
): Promise<number> {
  const damaged = snapshots.filter(({ ok }) => !ok)
  const value = { level, ok: damaged.length === 0, snapshots }
  await printDocument(
    surface,
    value,
    damaged.map(({ id }) => id),
    () => table(snapshots, level === 'quick', surface.columns),
  )
  if (damaged.length === 0) return exitCodes.done
  tellDamaged(surface, damaged.length, snapshots.length)
  return errorCodes.SNAPSHOT_CORRUPT.exit
}

/** USAGE unless either snapshots are named or all are asked for. */
export function refuseUnclear(surface: Surface, references: readonly string[], all: boolean): void {
  if (all !== references.length > 0) return
  const message = all ? 'name snapshots or give --all, not both' : 'which snapshots?'
  throw new AngeeError('USAGE', message, {
    hint: `One: ${commandLine(surface, 'stack backup verify latest')}. Every one: ${commandLine(surface, 'stack backup verify --all')}`,
  })
}

async function everyId({ stack, ctx }: Session): Promise<string[]> {
  const ids: string[] = []
  for await (const { id } of stack.backend.list(ctx)) ids.push(id)
  return ids.sort()
}

async function chosenIds(references: readonly string[], { stack, ctx }: Session): Promise<string[]> {
  const ids = new Set<string>()
  for (const reference of references) ids.add(await resolveSnapshot(stack, reference, ctx))
  return [...ids]
}

/** A snapshot too damaged to be checked part by part is one more line of the report, not its end. */
async function verifyOne(id: string, level: 'quick' | 'full', { stack, ctx }: Session): Promise<Verified> {
  try {
    const { bytesRead, parts } = await verifySnapshot(stack, id, level, ctx)
    return { id, ok: parts.every(({ ok }) => ok), bytesRead, parts }
  } catch (error) {
    if (!isAngeeError(error, 'SNAPSHOT_CORRUPT') && !isAngeeError(error, 'FORMAT_TOO_NEW')) throw error
    return { id, ok: false, bytesRead: 0, parts: [], problem: error.message }
  }
}

function table(snapshots: readonly Verified[], quick: boolean, columns: number | undefined): string {
  if (snapshots.length === 0) return ''
  const problems = snapshots.flatMap(({ id, parts, problem }) => [
    ...(problem === undefined ? [] : [`${id}: ${problem}`]),
    ...parts.filter(({ ok }) => !ok).map((one) => `${id}: ${one.part}: ${one.problem ?? 'damaged'}`),
  ])
  const rows = formatTable(
    snapshots,
    [
      { title: 'ID', value: ({ id }) => id },
      { title: 'RESULT', value: ({ ok }) => (ok ? (quick ? 'present' : 'whole') : 'DAMAGED') },
      { title: 'READ', value: ({ bytesRead }) => formatBytes(bytesRead), align: 'right', optional: 1 },
    ],
    columns,
  )
  return rows + problems.map((problem) => `  ${plainText(problem)}\n`).join('')
}

function tellDamaged(surface: Surface, damaged: number, all: number): void {
  if (surface.format === 'json') return
  const { err } = surface.style
  surface.err(
    `${err.bad('error:')} ${damaged} of ${counted(all, 'snapshot')} cannot be restored in full\n` +
      `${err.bold('hint:')} Take a new one now: ${commandLine(surface, 'stack backup')}. Undamaged parts can still be restored with --only.\n` +
      `${err.dim('(SNAPSHOT_CORRUPT)')}\n`,
  )
}
