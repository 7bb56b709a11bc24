import { treeTools } from '@angee/archive'
import { AngeeError, type Context, defaultBackend, exitCodes, type NamedBackend } from '@angee/core'
import { confirmed, declined } from '../confirm.ts'
import { boundedBackend } from '../doctor/bounded.ts'
import { type CaseReport, casesOf, runCase } from '../doctor/cases.ts'
import { probe } from '../doctor/probe.ts'
import { type LeftBehind, type Scratches, scratches } from '../doctor/scratches.ts'
import { printResult } from '../output/document.ts'
import { counted, formatBytes } from '../output/format.ts'
import { plainText, type Style } from '../output/style.ts'
import { withStack } from '../session.ts'
import type { Surface } from '../surface.ts'

/** One check may take so long: the largest move twenty megabytes, some ask a hundred times. Milliseconds. */
const longest = 5 * 60_000

/**
 * Runs the cases of the contract suite against the storage of the user: against empty repositories beside their
 * snapshots, that are removed again. Exit code 1 when a check fails or something could not be removed.
 */
export async function doctorBackend(surface: Surface, name = defaultBackend): Promise<number> {
  const whenInterrupted = 'what was written is removed again, unless it is named above'
  return withStack(surface, { events: 'none', whenInterrupted }, async ({ stack, ctx }) => {
    await using named = await stack.backends.open(name, ctx)
    const { backend } = named
    const places = scratches(scratchOf(named), ctx)
    await backend.preflight(ctx)
    // Only here: nothing else needs it, and it is no small import.
    const { backendSuite, backendSuiteBytes } = await import('@angee/testkit')
    await announce(surface, backend.location, places.id, backendSuiteBytes, ctx)

    const reports: CaseReport[] = []
    const left: LeftBehind[] = []
    try {
      await probeOnce(places, ctx)
      let signal = ctx.signal
      const open = async () => {
        const scratch = places.make()
        const reopen = async () => boundedBackend(await scratch.open(), signal)
        return { backend: await reopen(), reopen, [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose]() }
      }
      for (const one of casesOf((api) => backendSuite(api, { name: backend.type, trees: treeTools, open }))) {
        const start = (now: AbortSignal): void => {
          signal = now
        }
        const report = await runCase(one, longest, start, ctx)
        reports.push(report)
        tell(surface, report)
      }
    } finally {
      left.push(...(await places.removeAll()))
      for (const { location, problem } of left) surface.err(`left behind: ${location}: ${plainText(problem)}\n`)
    }
    return finish(surface, named, reports, left)
  })
}

/** USAGE where the backend cannot say where an empty repository would lie. */
function scratchOf({ backend, scratch }: NamedBackend): NonNullable<NamedBackend['scratch']> {
  if (scratch !== undefined) return scratch
  throw new AngeeError(
    'USAGE',
    `${backend.type} at ${backend.location} cannot be checked without touching its snapshots`,
    {
      hint: 'It has no place beside them that it could remove again ("scratch" in docs/writing-a-backend.md). "angee doctor" tells whether it can be written.',
      context: { type: backend.type },
    },
  )
}

/** Says what will be written, and where, and lets a person at a terminal say no. */
async function announce(surface: Surface, location: string, id: string, bytes: number, ctx: Context): Promise<void> {
  const what = `writes about ${formatBytes(bytes)} to ${location} (under names with ${id}) and removes it again`
  surface.note(`This ${plainText(what)}. Snapshots are not touched.\n`)
  if (!surface.interactive || surface.yes) return
  if (!(await confirmed(surface, 'Go on?', ctx.signal))) throw declined()
}

async function probeOnce(places: Scratches, ctx: Context): Promise<void> {
  await using scratch = places.make()
  // What is stored for a check is nothing to watch: a picture of it would stand between the lines of the checks.
  await probe(await scratch.open(), { ...ctx, onProgress: () => undefined })
}

function tell(surface: Surface, report: CaseReport): void {
  if (surface.format === 'json') surface.out(`${JSON.stringify({ type: 'check', ...report })}\n`)
  if (surface.format === 'table') surface.out(line(report, surface.style.out))
}

function line({ name, status, message }: CaseReport, style: Style): string {
  const mark = { ok: style.good('ok  '), fail: style.bad('fail'), 'not applicable': style.dim('n/a ') }[status]
  return `${mark}  ${name}${message === undefined ? '' : `: ${plainText(message)}`}\n`
}

async function finish(
  surface: Surface,
  { name, backend }: NamedBackend,
  checks: readonly CaseReport[],
  leftBehind: readonly LeftBehind[],
): Promise<number> {
  const amount = (status: CaseReport['status']): number => checks.filter((one) => one.status === status).length
  const failed = checks.filter(({ status }) => status === 'fail')
  const ok = failed.length === 0 && leftBehind.length === 0
  const { type, location } = backend
  const value = { ok, backend: { name, type, location }, checks, leftBehind }
  const names = failed.map((one) => one.name)
  await printResult(surface, value, names, () => '')
  if (surface.format === 'table') {
    const counts = `${counted(amount('ok'), 'check')} passed, ${failed.length} failed, ${amount('not applicable')} not applicable`
    surface.note(
      `\n${counts}. ${leftBehind.length === 0 ? 'Everything is removed again.' : 'Remove what is left by hand.'}\n`,
    )
  }
  return ok ? exitCodes.done : exitCodes.failed
}
