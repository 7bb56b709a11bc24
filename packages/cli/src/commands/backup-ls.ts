import { AngeeError, exitCodes } from '@angee/core/errors'
import { type CatalogSummary, listSnapshots, locateStack, type StackPlace } from '@angee/core/listing'
import { printDocument } from '../output/document.ts'
import { counted } from '../output/format.ts'
import { listLayout } from '../output/listing.ts'
import { commandLine, type Surface } from '../surface.ts'

/** Lists what the catalog knows, newest last. Reads one file and nothing else, so that it is always quick. */
export async function backupLs(surface: Surface): Promise<number> {
  const place = locateStack(surface.root, process.cwd())
  const wantsAll = surface.format === 'json' || surface.format === 'yaml'
  const { count, damagedLines } = wantsAll ? await printRecords(surface, place) : printRows(surface, place)
  if (damagedLines.length > 0 && count === 0) throw unreadable(surface, place)
  if (damagedLines.length > 0) {
    tellDamage(surface, damagedLines)
    return exitCodes.withWarnings
  }
  if (count === 0 && !wantsAll) tellNone(surface)
  return exitCodes.done
}

/** Says what to do where there is nothing to list. */
export function tellNone(surface: Surface): void {
  surface.note(
    `no snapshots yet. Take one: ${commandLine(surface, 'stack backup')}\n` +
      `If the backend holds some: ${commandLine(surface, 'stack backup reindex')}\n`,
  )
}

interface Printed {
  count: number
  damagedLines: number[]
}

/** As much is gathered for one write as costs little memory. */
const writeSize = 1 << 14

function printRows(surface: Surface, { stateDirectory }: StackPlace): Printed {
  const layout =
    surface.format === 'name'
      ? { head: '', row: ({ id }: CatalogSummary) => `${id}\n` }
      : listLayout(surface.columns, Date.now())
  let count = 0
  let text = layout.head
  const damagedLines = listSnapshots(stateDirectory, (summary) => {
    count++
    text += layout.row(summary)
    if (text.length < writeSize) return
    surface.out(text)
    text = ''
  })
  if (count > 0) surface.out(text)
  return { count, damagedLines }
}

/** Everything the catalog knows, for programs. It costs the reading of every line in full. */
async function printRecords(surface: Surface, { stateDirectory }: StackPlace): Promise<Printed> {
  const { fileStore, nodeFiles, readCatalog } = await import('@angee/core/catalog')
  const { records, damagedLines } = await readCatalog(fileStore(stateDirectory, nodeFiles))
  if (records.length > 0 || damagedLines.length === 0) await printDocument(surface, records, [], () => '')
  return { count: records.length, damagedLines }
}

/** Says which lines of the catalog cannot be read. */
export function tellDamage(surface: Surface, lines: readonly number[]): void {
  const which = lines.slice(0, 5).join(', ') + (lines.length > 5 ? ', …' : '')
  const { careful, bold } = surface.style.err
  surface.err(
    `${careful('warning:')} ${counted(lines.length, 'line')} of the catalog cannot be read (${which}); a snapshot may be missing here, none is lost\n` +
      `${bold('hint:')} Rebuild the list from the backend: ${commandLine(surface, 'stack backup reindex')}\n`,
  )
}

function unreadable(surface: Surface, { stateDirectory }: StackPlace): AngeeError {
  return new AngeeError('CATALOG_CORRUPT', `no line of the catalog ${stateDirectory}/catalog.jsonl can be read`, {
    hint: `The snapshots themselves lie in the backend. Rebuild the list: ${commandLine(surface, 'stack backup reindex')}`,
    context: { stateDirectory },
  })
}
