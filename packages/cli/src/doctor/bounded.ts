import type { BackupBackend, Context } from '@angee/core'

/**
 * The same backend, with every call on it and on the writers and readers it gives ended by `signal` as well: so that
 * what a check has begun is over when the check is.
 */
export function boundedBackend(backend: BackupBackend, signal: AbortSignal): BackupBackend {
  return bounded(backend, signal)
}

const givesMore = new Set<string | symbol>(['begin', 'reader'])

function bounded<Target extends object>(target: Target, signal: AbortSignal): Target {
  return new Proxy(target, {
    get(of, name) {
      const member: unknown = Reflect.get(of, name)
      if (typeof member !== 'function') return member
      return (...args: unknown[]) => {
        const result: unknown = member.apply(
          of,
          args.map((one) => (isContext(one) ? { ...one, signal: AbortSignal.any([one.signal, signal]) } : one)),
        )
        if (!givesMore.has(name)) return result
        return (result as Promise<object>).then((given) => bounded(given, signal))
      }
    },
  })
}

function isContext(value: unknown): value is Context {
  return typeof value === 'object' && value !== null && 'signal' in value && 'onProgress' in value
}
