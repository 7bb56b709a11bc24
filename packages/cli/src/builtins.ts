import { AngeeError, type ErrorCode, hasBackend } from '@angee/core'

interface Builtin {
  package: string
  load(): Promise<unknown>
}

/** The one list of the adapters that need no `backup.plugins` entry. Each is imported when a stack asks for it. */
const builtins: Record<'backends' | 'runtimes', Record<string, Builtin>> = {
  backends: {
    localfs: { package: '@angee/backend-localfs', load: () => import('@angee/backend-localfs/register') },
    restic: { package: '@angee/backend-restic', load: () => import('@angee/backend-restic/register') },
    s3: { package: '@angee/backend-s3', load: () => import('@angee/backend-s3/register') },
  },
  runtimes: {
    container: { package: '@angee/runtime-compose', load: () => import('@angee/runtime-compose/register') },
    local: { package: '@angee/runtime-proccompose', load: () => import('@angee/runtime-proccompose/register') },
  },
}

/**
 * Makes the built-in backend of that type register itself. For an unknown type all of them do, so that the error about
 * it can name them. BACKEND_UNKNOWN with the line to type when its package is not installed.
 */
export async function loadBackend(type: string): Promise<void> {
  const builtin = builtins.backends[type]
  // Also where a plugin has taken its type already: registering both says so.
  if (builtin) return load(builtin, 'BACKEND_UNKNOWN', `a backend has "type: ${type}"`)
  if (hasBackend(type)) return
  for (const one of Object.values(builtins.backends)) await one.load().catch(() => undefined)
}

/** The same for the runtime that serves services of that kind. RUNTIME_UNKNOWN. */
export async function loadRuntime(kind: string): Promise<void> {
  const builtin = builtins.runtimes[kind]
  if (builtin) await load(builtin, 'RUNTIME_UNKNOWN', `a service has "runtime: ${kind}"`)
}

async function load(builtin: Builtin, code: ErrorCode, where: string): Promise<void> {
  try {
    await builtin.load()
  } catch (cause) {
    if (!isMissing(cause, builtin.package)) throw cause
    throw new AngeeError(code, `${where}, and the package ${builtin.package} is not installed`, {
      hint: `Run: npm install --global ${builtin.package} (or without --global, where @angee/cli is installed).`,
      context: { package: builtin.package },
      cause,
    })
  }
}

/** Whether that package itself was not found, and not something that it imports. */
function isMissing(error: unknown, name: string): boolean {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'ERR_MODULE_NOT_FOUND') return false
  return error.message.includes(`'${name}'`)
}
