import type { Writable } from 'node:stream'
import {
  AngeeError,
  type BringUpResult,
  bringUpStack,
  type Context,
  isAngeeError,
  openStack,
  resolveSnapshot,
  type StackOpening,
} from '@angee/core'
import type { MadeUp, MadeWorkspace, WorkspaceWish } from '@angee/operator'
import { createWorkspace, type RestoreRequest } from '@angee/workspace'
import { serviceFacts } from './output/services.ts'
import { shellWord } from './surface.ts'
import { hostOf } from './workspaces.ts'

/** Who makes workspaces of which stack. */
export interface Maker {
  opening: StackOpening
  /** A command line of angee that means this stack, for hints. */
  commandLine(words: string): string
}

/** `snapshot` may be any reference to one here. */
type Wish = WorkspaceWish

/**
 * Makes a workspace from a template, and brings its stack up when it begins with data. All that `createWorkspace` and
 * `bringUpStack` can fail with; after the latter the workspace is there, and the error says how to go on.
 */
export async function makeWorkspace(
  maker: Maker,
  wish: Wish,
  output: Writable | undefined,
  ctx: Context,
): Promise<MadeWorkspace> {
  const { name, template, inputs, snapshot, only } = wish
  const restore = snapshot === undefined ? undefined : await resolveRestore(snapshot, only, maker, ctx)
  const request = {
    template,
    from: maker.opening.from,
    inputs,
    ...(name === undefined ? {} : { name }),
    ...(restore === undefined ? {} : { restore }),
  }
  const { stackRoot, message, ...made } = await createWorkspace(hostOf(maker.opening), request, ctx)
  const wantsUp = wish.up ?? made.restore !== undefined
  const up = wantsUp && stackRoot !== undefined ? await bringUp(made.name, stackRoot, maker, output, ctx) : undefined
  return {
    ...made,
    stackRoot: stackRoot ?? null,
    restore: made.restore ?? null,
    message: message ?? null,
    up: up === undefined ? null : upFacts(up),
  }
}

/** The snapshot in the stack that the workspace is to belong to, with the parts for which there must be a place. */
async function resolveRestore(
  reference: string,
  only: readonly string[] | undefined,
  { opening }: Maker,
  ctx: Context,
): Promise<RestoreRequest> {
  await using stack = await openStack(opening, ctx)
  const snapshot = await resolveSnapshot(stack, reference, ctx)
  const { parts } = await stack.backend.stat(snapshot, ctx)
  // Secrets are the new stack's own.
  const names = parts.map(({ part }) => String(part)).filter((part) => !part.startsWith('secrets/'))
  return { snapshot, parts: names, ...(only === undefined ? {} : { only }) }
}

async function bringUp(
  name: string,
  stackRoot: string,
  { opening, commandLine }: Maker,
  output: Writable | undefined,
  ctx: Context,
): Promise<BringUpResult> {
  const open = (root: string) => openStack({ ...opening, directory: root }, ctx)
  try {
    await using stack = await open(stackRoot)
    const effects = { openStack: open, environment: process.env, ...(output === undefined ? {} : { output }) }
    return await bringUpStack(stack, { withoutWaiting: false }, effects, ctx)
  } catch (error) {
    if (!isAngeeError(error) || ctx.signal.aborted) throw error
    throw new AngeeError(error.code, `${error.message}\nThe workspace "${name}" is made, and its stack is not up`, {
      hint: `${error.hint === undefined ? '' : `${error.hint}\n      `}Then go on: ${upCommand(stackRoot)}\n      or give it up: ${commandLine(`workspace destroy ${name} --purge`)}`,
      context: { ...error.context, workspace: name, stackRoot },
      retry: error.retry,
      cause: error,
    })
  }
}

/** What brings that stack up. */
export function upCommand(stackRoot: string): string {
  return `angee stack up --root ${shellWord(stackRoot)}`
}

/** What bringing up did, as it is told. */
export function upFacts({ services, restored, jobs, files }: BringUpResult): MadeUp {
  return {
    services: services.map(serviceFacts),
    restored: restored.map(({ job, manifest: { id, name }, parts }) => ({
      job,
      snapshot: id,
      ...(name === undefined ? {} : { name }),
      parts,
    })),
    jobs,
    files: files.map(({ kind, file, outcome }) => ({ runtime: kind, file, outcome })),
  }
}
