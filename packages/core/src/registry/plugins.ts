import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { AngeeError } from '../errors/index.ts'
import { type BackendDescriptor, contractVersion, type RuntimeDescriptor } from './descriptor.ts'
import { registerBackend, registerRuntime } from './registry.ts'

/**
 * Imports each package of `backup.plugins`, resolved from the stack root, checks what it default-exports and registers
 * it. PLUGIN_INVALID names the package and what is wrong with it.
 */
export async function loadPlugins(stackRoot: string, packages: readonly string[]): Promise<void> {
  for (const name of packages) {
    const descriptor = checkDescriptor(name, await importFrom(stackRoot, name))
    if ('serves' in descriptor) registerRuntime(descriptor)
    else registerBackend(descriptor)
  }
}

async function importFrom(stackRoot: string, name: string): Promise<unknown> {
  const require = createRequire(join(stackRoot, 'angee.yaml'))
  let file: string
  try {
    file = require.resolve(name)
  } catch (cause) {
    throw invalid(name, 'cannot be found from the stack root', `Run: npm install ${name} (in ${stackRoot}).`, cause)
  }
  try {
    const module = (await import(pathToFileURL(file).href)) as { default?: unknown }
    return module.default
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw invalid(
      name,
      `threw while it was imported: ${reason}`,
      `This is a fault of the package; ask its author.`,
      cause,
    )
  }
}

function checkDescriptor(name: string, exported: unknown): BackendDescriptor | RuntimeDescriptor {
  if (typeof exported !== 'object' || exported === null) {
    throw invalid(name, 'has no default export', 'Its author should default-export defineBackend({...}).')
  }
  const candidate = exported as Partial<BackendDescriptor> & { contract?: unknown }
  if (candidate.contract !== contractVersion) {
    throw invalid(
      name,
      `was written for contract ${String(candidate.contract)}, this angee speaks contract ${contractVersion}`,
      `Install a version of ${name} for contract ${contractVersion}.`,
    )
  }
  if (typeof candidate.type !== 'string' || candidate.type === '') throw invalid(name, 'names no type', contractHint)
  if (typeof candidate.open !== 'function') throw invalid(name, 'has no open function', contractHint)
  if (typeof candidate.options?.safeParse !== 'function') throw invalid(name, 'has no options schema', contractHint)
  return candidate as BackendDescriptor | RuntimeDescriptor
}

const contractHint = 'Its author finds the contract in docs/writing-a-backend.md.'

function invalid(name: string, problem: string, hint: string, cause?: unknown): AngeeError {
  return new AngeeError('PLUGIN_INVALID', `plugin ${name} ${problem}`, { hint, cause, context: { plugin: name } })
}
