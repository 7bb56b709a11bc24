import { exitCodes, locateStack, nodeFiles } from '@angee/core'
import { type Tried, testWebhooks } from '@angee/operator'
import { newContext } from '../context.ts'
import { interruptSignal } from '../interrupt.ts'
import { printDocument } from '../output/document.ts'
import { plainText } from '../output/style.ts'
import { type Column, formatTable } from '../output/table.ts'
import type { Surface } from '../surface.ts'

const columns: Column<Tried>[] = [
  { title: 'WEBHOOK', value: ({ url }) => plainText(url), shrinks: true },
  { title: 'RESULT', value: ({ problem }) => (problem === null ? 'delivered' : plainText(problem)) },
]

/** Sends a message to each webhook of this stack. Exit code 1 when one did not take it. */
export async function operatorWebhookTest(surface: Surface): Promise<number> {
  const ctx = newContext(
    surface,
    interruptSignal((text) => surface.note(text)),
    () => undefined,
  )
  const tried = await testWebhooks(locateStack(surface.root, process.cwd()), { ...ctx, files: nodeFiles })
  const urls = tried.map(({ url }) => url)
  await printDocument(surface, tried, urls, () =>
    tried.length === 0 ? '' : formatTable(tried, columns, surface.columns),
  )
  if (tried.length === 0 && surface.format === 'table') {
    surface.note('no webhooks: declare backup.webhooks in angee.yaml\n')
  }
  return tried.every(({ ok }) => ok) ? exitCodes.done : exitCodes.failed
}
