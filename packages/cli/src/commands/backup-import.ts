import { openExport } from '@angee/archive'
import { AngeeError, defaultBackend, exitCodes, type ImportFile, importSnapshot } from '@angee/core'
import { newContext } from '../context.ts'
import { placeOf, printCopied } from '../output/copied.ts'
import { printDocument } from '../output/document.ts'
import { plainText } from '../output/style.ts'
import { withStack } from '../session.ts'
import type { Surface } from '../surface.ts'
import { snapshotPage } from './backup-show.ts'

export interface ImportOptions {
  to?: string
  dryRun?: true
}

/** Stores the snapshot of an export file, or says what is in the file. */
export async function backupImport(surface: Surface, file: string, options: ImportOptions): Promise<number> {
  if (file === '-') {
    throw new AngeeError('USAGE', 'an export is read in several places at once, and stdin cannot be', {
      hint: 'Save it to a file first: cat > snapshot.tar',
    })
  }
  if (options.dryRun) return showFile(surface, file)
  const begun = performance.now()
  const whenInterrupted = 'the snapshot is there whole or not at all'
  return withStack(surface, { events: 'lines', whenInterrupted }, async ({ stack, ctx, progress }) => {
    await using source = await openExport(file, ctx)
    await using to = await stack.backends.open(options.to ?? defaultBackend, ctx)
    const result = await importSnapshot(stack, source, to, ctx)
    progress.end('erase')
    const milliseconds = Math.round(performance.now() - begun)
    await printCopied(surface, { operation: 'import', result, from: file, to: placeOf(to), milliseconds })
    const { name } = result.manifest.stack
    if (name !== stack.name && surface.format === 'table') {
      surface.note(`It was taken of the stack "${plainText(name)}"; see what fits with --dry-run.\n`)
    }
    return exitCodes.done
  })
}

/** Needs no stack: whoever finds such a file wants to know what it is. */
async function showFile(surface: Surface, path: string): Promise<number> {
  const ctx = newContext(surface, new AbortController().signal, () => undefined)
  await using file = await openExport(path, ctx)
  const manifest = await file.backend.stat(file.id, ctx)
  const { exportedAt, tool, host, definition } = file
  const value = { dryRun: true, file: path, exportedAt, exportedBy: tool, host, snapshot: manifest, definition }
  await printDocument(surface, value, [manifest.id], () => {
    const page = snapshotPage(manifest, { location: path, pinned: false }, surface.columns)
    return `${exportLine(file)}\n\n${page}\nangee.yaml of the stack:\n${indented(definition)}`
  })
  return exitCodes.done
}

function exportLine({ exportedAt, tool, host }: ImportFile): string {
  return plainText(`Exported ${exportedAt} by ${tool.name} ${tool.version} on ${host}`)
}

function indented(text: string): string {
  const lines = text.trimEnd().split('\n')
  return lines
    .map((line) => `  ${plainText(line)}`.trimEnd())
    .join('\n')
    .concat('\n')
}
