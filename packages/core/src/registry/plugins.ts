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
    if ('serves' in descriptor) registerRuntime(descriptor, name)
    else registerBackend(descriptor, name)
  }
}

async function importFrom(stackRoot: string, name: string): Promise<unknown> {
  const file = resolveFrom(stackRoot, name)
  try {
    const module = (await import(pathToFileURL(file).href)) as { default?: unknown }
    return module.default
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    // Something that the package needs, and that is installed with it, is missing or broken.
    const hint = `Install it anew: npm install ${name} (in ${stackRoot}). If that does not help, ask its author.`
    throw invalid(name, `threw while it was imported: ${reason}`, hint, cause)
  }
}

function resolveFrom(stackRoot: string, name: string): string {
  try {
    return createRequire(join(stackRoot, 'angee.yaml')).resolve(name)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code !== 'ERR_PACKAGE_PATH_NOT_EXPORTED') {
      throw invalid(name, 'cannot be found from the stack root', `Run: npm install ${name} (in ${stackRoot}).`, cause)
    }
    const hint = 'Its author should name the entry under "default" in "exports" of package.json.'
    throw invalid(name, 'has no entry that can be found', hint, cause)
  }
}

function checkDescriptor(name: string, exported: unknown): BackendDescriptor | RuntimeDescriptor {
  if (exported === undefined) throw invalid(name, 'has no default export', contractHint)
  if (typeof exported !== 'object' || exported === null || !('contract' in exported)) {
    throw invalid(name, 'default-exports no descriptor, such as defineBackend({...}) gives', contractHint)
  }
  const candidate = exported as Partial<BackendDescriptor> & { contract: unknown }
  if (candidate.contract !== contractVersion) {
    throw invalid(
      name,
      `was written for contract ${String(candidate.contract)}, this angee speaks contract ${contractVersion}`,
      `Install a version of ${name} for contract ${contractVersion}.`,
    )
  }
  if (typeof candidate.type !== 'string' || !typeForm.test(candidate.type)) {
    throw invalid(name, 'names no type: a word of lower-case letters, digits and "-"', contractHint)
  }
  if (typeof candidate.open !== 'function') throw invalid(name, 'has no open function', contractHint)
  if (typeof candidate.options?.safeParse !== 'function') throw invalid(name, 'has no options schema', contractHint)
  return candidate as BackendDescriptor | RuntimeDescriptor
}

const typeForm = /^[a-z0-9][a-z0-9-]*$/
const contractHint = 'Its author finds the contract in docs/writing-a-backend.md.'

function invalid(name: string, problem: string, hint: string, cause?: unknown): AngeeError {
  return new AngeeError('PLUGIN_INVALID', `plugin ${name} ${problem}`, { hint, cause, context: { plugin: name } })
}
