import {
  AngeeError,
  exitCodes,
  planSnapshot,
  type SnapshotRequest,
  type SnapshotResult,
  takeSnapshot,
} from '@angee/core'
import { printResult } from '../output/document.ts'
import { formatDuration } from '../output/format.ts'
import { formatScope, type ScopeFacts, scopeDocument, scopeFacts } from '../output/scope.ts'
import { plainText } from '../output/style.ts'
import { tellWarnings } from '../output/warnings.ts'
import { withStack } from '../session.ts'
import { commandLine, type Surface } from '../surface.ts'
import { partsTable } from './backup-show.ts'

export interface BackupOptions {
  name?: string
  label?: Record<string, string>
  only?: string[]
  dryRun?: true
  allowPartial?: true
  includeSecrets?: true
  reuse?: boolean
}

/** Takes a snapshot of the stack, or says what one would hold. */
export async function stackBackup(surface: Surface, options: BackupOptions): Promise<number> {
  if (options.dryRun) return showScope(surface, options)
  const request: SnapshotRequest = {
    ...(options.name === undefined ? {} : { name: options.name }),
    ...(options.label === undefined ? {} : { labels: options.label }),
    ...wantedParts(options),
    allowPartial: options.allowPartial === true,
    reuse: options.reuse !== false,
  }
  const begun = performance.now()
  const result = await withStack(
    surface,
    { events: 'lines', whenInterrupted: 'nothing was stored' },
    ({ stack, ctx }) => takeSnapshot(stack, request, ctx),
  )
  return printBackup(surface, result, Math.round(performance.now() - begun))
}

/** Prints what a finished backup has done. Gives its exit code. */
export async function printBackup(surface: Surface, result: SnapshotResult, milliseconds: number): Promise<number> {
  const exitCode = isPerfect(result) ? exitCodes.done : exitCodes.withWarnings
  await printResult(surface, resultDocument(result, milliseconds, exitCode), [result.manifest.id], () =>
    summary(result, milliseconds, surface),
  )
  tellRest(surface, result)
  return exitCode
}

/** Partial because only some parts were asked for is what was asked for. */
function isPerfect({ manifest, failures }: SnapshotResult): boolean {
  return manifest.warnings.length === 0 && failures.length === 0
}

function resultDocument(
  { manifest, failures, unchanged }: SnapshotResult,
  milliseconds: number,
  exitCode: number,
): object {
  return {
    operation: 'backup',
    id: manifest.id,
    status: manifest.status,
    durationMilliseconds: milliseconds,
    failures: failures.map(({ part, error }) => ({ part, code: error.code, message: error.message, hint: error.hint })),
    unchanged,
    snapshot: manifest,
    exitCode,
  }
}

function summary({ manifest, unchanged }: SnapshotResult, milliseconds: number, { style, columns }: Surface): string {
  const { id, name, status, parts } = manifest
  const named = name === undefined ? '' : ` "${name}"`
  const state = status === 'complete' ? style.out.good(status) : style.out.careful(status)
  return `Snapshot ${style.out.bold(id)}${named}: ${state}, in ${formatDuration(milliseconds)}\n\n${partsTable(parts, columns)}${unchangedLines(unchanged)}`
}

function unchangedLines(unchanged: SnapshotResult['unchanged']): string {
  const bySnapshot = Object.entries(Object.groupBy(unchanged, ({ since }) => since))
  const lines = bySnapshot.map(
    ([id, parts = []]) => `Unchanged since ${id}: ${parts.map(({ part }) => part).join(', ')}\n`,
  )
  return lines.length === 0 ? '' : `\n${lines.join('')}`
}

function tellRest(surface: Surface, { manifest, failures }: SnapshotResult): void {
  const { id, missing, status, warnings } = manifest
  tellWarnings(surface, warnings, `all of them: ${commandLine(surface, `stack backup show ${id}`)}`)
  if (surface.format === 'json') return
  for (const { part, error } of failures) {
    const next = error.hint === undefined ? '' : `\n${surface.style.err.bold('hint:')} ${plainText(error.hint)}`
    surface.err(`${surface.style.err.bad('missing:')} ${part}: ${plainText(error.message)}${next}\n`)
  }
  if (surface.format !== 'table') return
  if (status === 'partial') {
    surface.note(`\nIt lacks ${missing.map(({ part }) => part).join(', ')} and never counts as "latest".\n`)
  }
  const accept = status === 'partial' ? ' --allow-partial' : ''
  surface.note(`\nRestore it with: ${commandLine(surface, `stack restore ${id}${accept}`)}\n`)
}

function wantedParts({ only, includeSecrets }: BackupOptions): Pick<SnapshotRequest, 'only' | 'includeSecrets'> {
  return { ...(only === undefined ? {} : { only }), includeSecrets: includeSecrets === true }
}

async function showScope(surface: Surface, options: BackupOptions): Promise<number> {
  await withStack(surface, { events: 'none' }, async ({ stack, ctx }) => {
    const plan = await planSnapshot(stack, wantedParts(options), ctx)
    await printScope(surface, scopeFacts(stack, plan))
  })
  return exitCodes.done
}

/** Prints what a backup would capture. */
export async function printScope(surface: Surface, scope: ScopeFacts): Promise<void> {
  const parts = scope.parts.map(({ part }) => part)
  if (parts.length === 0) throw new AngeeError('SCOPE_EMPTY', 'no part is left to capture')
  const value = { operation: 'backup', dryRun: true, ...scopeDocument(scope), exitCode: exitCodes.done }
  await printResult(surface, value, parts, () => formatScope(scope, surface))
}
