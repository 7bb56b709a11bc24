import { execFileSync } from 'node:child_process'

const nobody = 65534

/**
 * Gives a directory to nobody, and makes this process and those it starts be nobody, who passes no permission. Where
 * the tests do not run as root, they are somebody like that already.
 */
export function withoutPrivilege(directory: string): Disposable {
  if (process.geteuid?.() !== 0) return { [Symbol.dispose]: () => undefined }
  execFileSync('chown', ['-hR', `${nobody}:${nobody}`, directory])
  process.setegid?.(nobody)
  process.seteuid?.(nobody)
  return {
    [Symbol.dispose]: () => {
      process.seteuid?.(0)
      process.setegid?.(0)
    },
  }
}
