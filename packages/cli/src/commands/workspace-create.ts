import { AngeeError, exitCodes, type Warning } from '@angee/core'
import type { MadeWorkspace, WorkspaceWish } from '@angee/operator'
import { printResult } from '../output/document.ts'
import { formatDuration } from '../output/format.ts'
import { plainText } from '../output/style.ts'
import { tellWarnings } from '../output/warnings.ts'
import { formatCreated } from '../output/workspaces.ts'
import { stackOpening, withContext } from '../session.ts'
import { commandLine, type Surface } from '../surface.ts'
import { makeWorkspace, upCommand } from '../workspace-maker.ts'
import { upDocument } from './stack-up.ts'

export interface CreateOptions {
  template: string
  input?: Record<string, string>
  restore?: string
  only?: string[]
  /** Absent: where there is data to begin with. */
  up?: boolean
}

/** Makes a workspace from a template, and brings its stack up when it begins with data. */
export async function workspaceCreate(
  surface: Surface,
  name: string | undefined,
  options: CreateOptions,
): Promise<number> {
  const wish = wishOf(name, options)
  const whenInterrupted = `"${commandLine(surface, 'workspace ls')}" shows whether it is there`
  return withContext(surface, { events: 'lines', whenInterrupted }, async ({ ctx, progress }) => {
    const begun = performance.now()
    const maker = { opening: stackOpening(surface), commandLine: (words: string) => commandLine(surface, words) }
    const made = await makeWorkspace(maker, wish, undefined, ctx)
    progress.end('erase')
    return printCreated(surface, made, Math.round(performance.now() - begun), progress.warnings)
  })
}

/** What the options ask for. USAGE for those that do not fit each other. */
export function wishOf(name: string | undefined, { template, input, restore, only, up }: CreateOptions): WorkspaceWish {
  if (only !== undefined && restore === undefined) {
    throw new AngeeError('USAGE', '--only says which parts to restore, and there is no --restore', {
      hint: 'Add --restore SNAPSHOT, or take --only away.',
    })
  }
  return {
    template,
    inputs: input ?? {},
    ...(name === undefined ? {} : { name }),
    ...(restore === undefined ? {} : { snapshot: restore }),
    ...(only === undefined ? {} : { only }),
    ...(up === undefined ? {} : { up }),
  }
}

/** Prints what was made. Gives its exit code. */
export async function printCreated(
  surface: Surface,
  made: MadeWorkspace,
  milliseconds: number,
  warnings: readonly Warning[],
): Promise<number> {
  const exitCode = warnings.length === 0 ? exitCodes.done : exitCodes.withWarnings
  const document = {
    operation: 'workspace create',
    ...made,
    up: made.up === null ? null : upDocument(made.up, milliseconds, exitCode),
    exitCode,
  }
  await printResult(surface, document, [made.name], () => formatCreated(made, formatDuration(milliseconds)))
  for (const note of made.notes) surface.note(`note: ${plainText(note)}\n`)
  if (made.message !== null) surface.note(`\n${plainText(made.message)}\n`)
  if (made.up === null && made.stackRoot !== null) surface.note(`Bring it up: ${upCommand(made.stackRoot)}\n`)
  tellWarnings(surface, warnings, 'run it with -o json to see all of them')
  return exitCode
}
