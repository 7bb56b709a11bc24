import {
  AngeeError,
  type BringUpResult,
  bringUpStack,
  type Context,
  exitCodes,
  isAngeeError,
  openStack,
  resolveSnapshot,
} from '@angee/core'
import { type CreatedWorkspace, createWorkspace, type RestoreRequest } from '@angee/workspace'
import { bringUpEffects } from '../effects.ts'
import { printResult } from '../output/document.ts'
import { formatDuration } from '../output/format.ts'
import { plainText } from '../output/style.ts'
import { tellWarnings } from '../output/warnings.ts'
import { createdDocument, formatCreated } from '../output/workspaces.ts'
import { stackOpening, withContext } from '../session.ts'
import { commandLine, type Surface, shellWord } from '../surface.ts'
import { openInner, workspaceHost } from '../workspaces.ts'
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
  if (options.only !== undefined && options.restore === undefined) throw onlyWithoutRestore()
  const whenInterrupted = `"${commandLine(surface, 'workspace ls')}" shows whether it is there`
  return withContext(surface, { events: 'lines', whenInterrupted }, async ({ ctx, progress }) => {
    const begun = performance.now()
    const restore =
      options.restore === undefined ? undefined : await resolveRestore(options.restore, options.only, surface, ctx)
    const request = {
      template: options.template,
      from: process.cwd(),
      inputs: options.input ?? {},
      ...(name === undefined ? {} : { name }),
      ...(restore === undefined ? {} : { restore }),
    }
    const made = await createWorkspace(workspaceHost(surface), request, ctx)
    const wantsUp = options.up ?? made.restore !== undefined
    const up = wantsUp && made.stackRoot !== undefined ? await bringUp(made, made.stackRoot, surface, ctx) : undefined
    progress.end('erase')
    const milliseconds = Math.round(performance.now() - begun)
    const exitCode = progress.warnings.length === 0 ? exitCodes.done : exitCodes.withWarnings
    const document = {
      operation: 'workspace create',
      ...createdDocument(made),
      up: up === undefined ? null : upDocument(up, milliseconds, exitCode),
      exitCode,
    }
    await printResult(surface, document, [made.name], () => formatCreated(made, up, formatDuration(milliseconds)))
    tell(made, up, surface)
    tellWarnings(surface, progress.warnings, 'run it with -o json to see all of them')
    return exitCode
  })
}

/** The snapshot in the stack that the workspace is to belong to, with the parts for which there must be a place. */
async function resolveRestore(
  reference: string,
  only: readonly string[] | undefined,
  surface: Surface,
  ctx: Context,
): Promise<RestoreRequest> {
  await using stack = await openStack(stackOpening(surface), ctx)
  const snapshot = await resolveSnapshot(stack, reference, ctx)
  const { parts } = await stack.backend.stat(snapshot, ctx)
  // Secrets are the new stack's own.
  const names = parts.map(({ part }) => String(part)).filter((part) => !part.startsWith('secrets/'))
  return { snapshot, parts: names, ...(only === undefined ? {} : { only }) }
}

async function bringUp(
  made: CreatedWorkspace,
  stackRoot: string,
  surface: Surface,
  ctx: Context,
): Promise<BringUpResult> {
  try {
    await using stack = await openInner(stackRoot, surface, ctx)
    return await bringUpStack(stack, { withoutWaiting: false }, bringUpEffects(surface), ctx)
  } catch (error) {
    if (!isAngeeError(error) || ctx.signal.aborted) throw error
    throw new AngeeError(
      error.code,
      `${error.message}\nThe workspace "${made.name}" is made, and its stack is not up`,
      {
        hint: `${error.hint === undefined ? '' : `${error.hint}\n      `}Then go on: ${upCommand(stackRoot)}\n      or give it up: ${commandLine(surface, `workspace destroy ${made.name} --purge`)}`,
        context: { ...error.context, workspace: made.name, stackRoot },
        retry: error.retry,
        cause: error,
      },
    )
  }
}

function tell(made: CreatedWorkspace, up: BringUpResult | undefined, surface: Surface): void {
  for (const note of made.notes) surface.note(`note: ${plainText(note)}\n`)
  if (made.message !== undefined) surface.note(`\n${plainText(made.message)}\n`)
  if (up === undefined && made.stackRoot !== undefined) surface.note(`Bring it up: ${upCommand(made.stackRoot)}\n`)
}

function upCommand(stackRoot: string): string {
  return `angee stack up --root ${shellWord(stackRoot)}`
}

function onlyWithoutRestore(): AngeeError {
  return new AngeeError('USAGE', '--only says which parts to restore, and there is no --restore', {
    hint: 'Add --restore SNAPSHOT, or take --only away.',
  })
}
