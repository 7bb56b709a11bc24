import { type Context, exitCodes, locateStack, openStack, readManifest, type StackOpening } from '@angee/core'
import { newContext } from '../context.ts'
import { checkCatalog } from '../doctor/catalog-checks.ts'
import { type Check, check, ok } from '../doctor/check.ts'
import { checkStack } from '../doctor/stack-checks.ts'
import { interruptSignal } from '../interrupt.ts'
import { printDocument } from '../output/document.ts'
import { counted } from '../output/format.ts'
import { plainText, type Style } from '../output/style.ts'
import { stackOpening } from '../session.ts'
import { commandLine, type Surface } from '../surface.ts'
import { tool } from '../version.ts'

/** Checks all that a snapshot and a restore depend on. Exit code 1 when anything fails; a warning is no failure. */
export async function doctor(surface: Surface): Promise<number> {
  const ctx = newContext(surface, interruptSignal(surface.err), () => undefined)
  const checks = [
    ok('angee', `${tool.version} on Node ${process.versions.node}, ${process.platform} ${process.arch}`),
    ...(await checkAll(surface, ctx)),
  ]
  ctx.signal.throwIfAborted()
  const bad = checks.filter(({ status }) => status !== 'ok')
  const failed = bad.filter(({ status }) => status === 'fail').length
  await printDocument(
    surface,
    { ok: failed === 0, checks },
    bad.map(({ name }) => name),
    () => checks.map((one) => line(one, surface.style.out)).join(''),
  )
  if (surface.format === 'table') {
    surface.note(failed === 0 ? '\nReady.\n' : `\n${counted(failed, 'check')} failed.\n`)
  }
  return failed === 0 ? exitCodes.done : exitCodes.failed
}

async function checkAll(surface: Surface, ctx: Context): Promise<Check[]> {
  const opening = stackOpening(surface)
  const command = (words: string): string => commandLine(surface, words)
  const found = await check('stack', async () => ok('stack', locateStack(surface.root, opening.from).root))
  if (hasFailed(found)) return found
  found.push(...(await check('manifest', () => checkManifest(opening))))
  if (hasFailed(found)) return found
  const inside = await check('backend', async () => {
    await using stack = await openStack(opening, ctx)
    return [
      ...(await checkStack(stack, ctx, command)),
      ...(await check('catalog', () => checkCatalog(stack, ctx, command))),
    ]
  })
  return [...found, ...inside]
}

async function checkManifest({ directory, from, files }: StackOpening): Promise<Check> {
  const { persist, services } = await readManifest(locateStack(directory, from), files)
  const entries = counted(persist.length, 'persist entry', 'persist entries')
  return ok('manifest', `${entries}, ${counted(services.length, 'service')}`)
}

function hasFailed(checks: readonly Check[]): boolean {
  return checks.some(({ status }) => status === 'fail')
}

function line({ name, status, message, hint }: Check, style: Style): string {
  const mark = { ok: style.good('ok  '), warn: style.careful('warn'), fail: style.bad('fail') }[status]
  const next = hint === undefined ? '' : `      ${style.dim('->')} ${plainText(hint)}\n`
  return `${mark}  ${style.bold(name)}: ${plainText(message).replaceAll('\n', '\n      ')}\n${next}`
}
