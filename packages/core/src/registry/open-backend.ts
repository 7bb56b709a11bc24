import { isAbsolute } from 'node:path'
import type { z } from 'zod'
import type { BackendOpening, BackupBackend } from '../contract/backend.ts'
import type { Context } from '../contract/context.ts'
import { AngeeError, isAngeeError } from '../errors/index.ts'
import type { BackendDescriptor } from './descriptor.ts'
import { pluginOf } from './registry.ts'

/**
 * Opens a backend and checks that what it gives has the shape of one, so that a fault of a package is not found out in
 * the middle of a snapshot. Its own AngeeErrors pass; anything else is PLUGIN_INVALID, with the package and the reason.
 */
export async function openBackend<Schema extends z.ZodType>(
  descriptor: BackendDescriptor<Schema>,
  opening: BackendOpening<z.output<Schema>>,
  ctx: Context,
): Promise<BackupBackend> {
  let opened: unknown
  try {
    opened = await descriptor.open(opening, ctx)
  } catch (cause) {
    ctx.signal.throwIfAborted()
    if (isAngeeError(cause)) throw cause
    throw invalid(descriptor, `threw while it was opened: ${cause instanceof Error ? cause.message : cause}`, cause)
  }
  const problem = whatIsWrong(opened, descriptor.type)
  if (problem !== undefined) throw invalid(descriptor, problem)
  return opened as BackupBackend
}

const required = ['preflight', 'begin', 'stat', 'list', 'reader', 'delete'] as const
const optional = ['check', 'collectGarbage'] as const
const capabilities = ['encrypts', 'incremental', 'remote'] as const

function whatIsWrong(opened: unknown, type: string): string | undefined {
  if (typeof opened !== 'object' || opened === null) return `opened no backend: open gave ${String(opened)}`
  const backend = opened as Partial<BackupBackend>
  const missing = required.find((name) => typeof backend[name] !== 'function')
  if (missing !== undefined) return `opened a backend without the method ${missing}`
  if (typeof backend[Symbol.asyncDispose] !== 'function') return 'opened a backend without [Symbol.asyncDispose]'
  const odd = optional.find((name) => backend[name] !== undefined && typeof backend[name] !== 'function')
  if (odd !== undefined) return `opened a backend whose ${odd} is no method`
  if (backend.type !== type) return `opened a backend of the type "${backend.type}", not "${type}"`
  if (typeof backend.location !== 'string' || backend.location === '') return 'opened a backend without a location'
  const unsaid = capabilities.find((name) => typeof backend.capabilities?.[name] !== 'boolean')
  if (unsaid !== undefined) return `opened a backend that does not say whether capabilities.${unsaid} is true or false`
  const { localDirectory = '/' } = backend
  // It is left out of what is captured: a path that means another place would put snapshots into snapshots.
  if (typeof localDirectory !== 'string' || !isAbsolute(localDirectory)) {
    return `opened a backend whose localDirectory is no absolute path: ${String(localDirectory)}`
  }
  return undefined
}

function invalid(descriptor: BackendDescriptor, problem: string, cause?: unknown): AngeeError {
  const plugin = pluginOf(descriptor)
  const who = plugin === undefined ? `backend "${descriptor.type}"` : `plugin ${plugin}`
  return new AngeeError('PLUGIN_INVALID', `${who} ${problem}`, {
    hint: 'This is a fault of the package. Try another version of it, or show this to its author.',
    cause,
    context: { type: descriptor.type, plugin },
  })
}
