import type { HookCommand } from '@angee/core'
import { environmentEnd, processEnd } from '../home.ts'

/*
 * Every process starts through a few words of shell, which become the process itself by `exec`. They write down which
 * process it is, so that it is found again when the server has died, and take in the variables that may stand in no file
 * that others can read.
 */

/** Writes the process's own entry of the kernel's table, then that of who started it; elsewhere what ps tells. */
const remember = [
  '{ echo "$$ $PPID"; cat /proc/$$/stat /proc/$PPID/stat 2>/dev/null ||',
  `{ LC_ALL=C ps -o lstart= -p $$; LC_ALL=C ps -o lstart= -p $PPID; }; } >"$0${processEnd}"`,
].join(' ')
const takeIn = `. "$0${environmentEnd}"`
const become = 'exec "$@"'

/**
 * The argv that runs `command` and leaves its traces at `base`. `odd` are variables whose names a shell drops: `env`
 * puts them back.
 */
export function launched(
  base: string,
  command: HookCommand,
  { secrets, odd = {} }: { secrets: boolean; odd?: Readonly<Record<string, string>> },
): string[] {
  const argv = typeof command === 'string' ? ['/bin/sh', '-c', command] : command
  const names = Object.entries(odd).map(([name, value]) => `${name}=${value}`)
  const words = names.length === 0 ? argv : ['/usr/bin/env', ...names, ...argv]
  const steps = secrets ? `${remember}; ${takeIn} && ${become}` : `${remember}; ${become}`
  return ['/bin/sh', '-c', steps, base, ...words]
}
