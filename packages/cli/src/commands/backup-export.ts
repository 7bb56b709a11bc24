import { createExport, type ExportTarget } from '@angee/archive'
import { AngeeError, defaultBackend, type ExportResult, exitCodes, exportSnapshot } from '@angee/core'
import { printResult } from '../output/document.ts'
import { formatBytes, formatDuration } from '../output/format.ts'
import { plainText } from '../output/style.ts'
import { withStack } from '../session.ts'
import { commandLine, type Surface, shellWord } from '../surface.ts'
import { partsTable } from './backup-show.ts'

export interface ExportOptions {
  from?: string
  plain?: true
  force?: true
}

/** Writes a snapshot into one file, or to stdout where `file` is "-". */
export async function backupExport(
  surface: Surface,
  snapshot: string,
  file: string,
  options: ExportOptions,
): Promise<number> {
  const target = targetOf(surface, file, options)
  const begun = performance.now()
  const result = await withStack(
    surface,
    { events: 'lines', whenInterrupted: 'nothing was exported' },
    async ({ stack, ctx }) => {
      await using from = await stack.backends.open(options.from ?? defaultBackend, ctx)
      const request = { snapshot, from, plain: options.plain === true }
      return await exportSnapshot(stack, request, (contents, own) => createExport(target, contents, own), ctx)
    },
  )
  const milliseconds = Math.round(performance.now() - begun)
  if ('stream' in target) surface.note(summary(result, 'stdout', milliseconds, surface))
  else await print(surface, result, file, milliseconds)
  return exitCodes.done
}

function targetOf(surface: Surface, file: string, { force }: ExportOptions): ExportTarget {
  if (file !== '-') return { path: file, force: force === true }
  if (surface.format !== 'table' && !surface.quiet) {
    throw new AngeeError('USAGE', `the file goes to stdout, and "-o ${surface.format}" would write there too`, {
      hint: 'Leave out -o and --json, or name a file.',
    })
  }
  if (process.stdout.isTTY) {
    throw new AngeeError('USAGE', 'the file would be written to the terminal', {
      hint: `Name a file, or pass it on: ${commandLine(surface, 'stack backup export latest -')} | ssh HOST "cat > snapshot.tar"`,
    })
  }
  return { stream: process.stdout, name: 'stdout' }
}

async function print(surface: Surface, result: ExportResult, file: string, milliseconds: number): Promise<void> {
  const { manifest } = result
  const value = {
    operation: 'export',
    id: manifest.id,
    file: { path: file, ...result.file },
    durationMilliseconds: milliseconds,
    snapshot: manifest,
    exitCode: exitCodes.done,
  }
  await printResult(surface, value, [manifest.id], () => summary(result, file, milliseconds, surface))
  if (surface.format !== 'table') return
  surface.note(`\nImport it with: ${commandLine(surface, `stack backup import ${shellWord(file)}`)}\n`)
}

function summary(
  { manifest, file }: ExportResult,
  path: string,
  milliseconds: number,
  { style, columns }: Surface,
): string {
  const { id, name, parts } = manifest
  const named = name === undefined ? '' : ` "${plainText(name)}"`
  const head = `Snapshot ${style.out.bold(id)}${named}: exported to ${plainText(path)}, ${formatBytes(file.bytes)} in ${formatDuration(milliseconds)}`
  return `${head}\n${file.digest}\n\n${partsTable(parts, columns)}`
}
