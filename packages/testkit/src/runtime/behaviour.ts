import type { HookCommand } from '@angee/core'

/**
 * What a case needs a command to do. A runtime that runs real processes gives {@link shellCommand}; a simulated one
 * gives whatever makes its simulation do the same.
 */
export type Behaviour =
  /** Writes `stdout` and `stderr`, reads nothing, and ends with the exit code. */
  | { does: 'exit'; code: number; stdout?: Uint8Array; stderr?: string }
  /** Ends itself with SIGKILL. */
  | { does: 'kill-itself' }
  /** Names a program that does not exist. The command is a list. */
  | { does: 'miss' }
  /** Names a file that exists and cannot be executed. The command is a list. */
  | { does: 'not-executable' }
  /** Copies stdin to stdout until stdin ends. */
  | { does: 'copy' }
  /** Reads this many bytes of stdin, writes them to stdout and ends with 0, whatever else stdin holds. */
  | { does: 'take'; bytes: number }
  /** Writes this many zero bytes to stdout. */
  | { does: 'zeros'; bytes: number }
  /** Writes this many bytes of short lines to stderr, then the line `last words`, and ends with 4. */
  | { does: 'flood-stderr'; bytes: number }
  /** Writes to stderr without ever ending, after the line `ready` on stdout. */
  | { does: 'flood-stderr-forever'; mark: string }
  /** Writes each word and a NUL after it. The command is a list that ends with the words. */
  | { does: 'show-words'; words: readonly string[] }
  /** A string that means something only to a shell: writes `3 lines`, computed with a pipe, `$(…)` and a redirection. */
  | { does: 'use-shell' }
  /** Writes the value of an environment variable. */
  | { does: 'show-variable'; name: string }
  /** Writes the name of the user it runs as, and a line feed. */
  | { does: 'show-user' }
  /** Writes its working directory and a line feed. */
  | { does: 'show-directory' }
  /**
   * Writes the line `ready`, then stays for ever, together with a child and with an orphan that was started in the
   * background by a process that has ended. Each shows `mark` in the list of processes.
   */
  | { does: 'stay'; mark: string; ignoresTerm: boolean }
  /** Writes `all`, ends with 0, and leaves a process behind that holds stdout open. It shows `mark`. */
  | { does: 'leave-behind'; mark: string }

/** A number that no other case uses; as the fraction of a `sleep` it is found again in a list of processes. */
export function newMark(): string {
  return String(Math.floor(Math.random() * 9e8) + 1e8)
}

/** The command that behaves so on any system with `/bin/sh` and the POSIX utilities. */
export function shellCommand(behaviour: Behaviour): HookCommand {
  switch (behaviour.does) {
    case 'exit': {
      const { code, stdout = new Uint8Array(), stderr = '' } = behaviour
      const octal = [...stdout].map((byte) => `\\0${byte.toString(8).padStart(3, '0')}`).join('')
      return ['/bin/sh', '-c', 'printf %b "$1"; printf %s "$2" >&2; exit "$3"', 'sh', octal, stderr, String(code)]
    }
    case 'kill-itself':
      return 'kill -9 $$'
    case 'miss':
      return ['/no/such/program', 'word']
    case 'not-executable':
      return ['/etc/passwd']
    case 'copy':
      return ['cat']
    case 'take':
      return ['head', '-c', String(behaviour.bytes)]
    case 'zeros':
      return ['head', '-c', String(behaviour.bytes), '/dev/zero']
    case 'flood-stderr':
      return `yes "a line of the flood" | head -c ${behaviour.bytes} >&2; echo "last words" >&2; exit 4`
    case 'flood-stderr-forever':
      return `echo ready; sleep 86399.${behaviour.mark} & yes "a line of the flood" >&2`
    case 'show-words':
      return ['/bin/sh', '-c', 'for word do printf "%s\\0" "$word"; done', 'sh', ...behaviour.words]
    case 'use-shell':
      return 'printf "%s lines" "$(printf "1\\n2\\n3\\n" | grep -c .)" 2>/dev/null'
    case 'show-variable':
      return ['/bin/sh', '-c', `printf %s "\${${behaviour.name}-unset}"`]
    case 'show-user':
      return ['id', '-un']
    case 'show-directory':
      return ['pwd']
    case 'stay': {
      const { mark, ignoresTerm } = behaviour
      const sleep = `sleep 86399.${mark}`
      const trap = ignoresTerm ? "trap '' TERM; " : ''
      return `${trap}(${sleep} </dev/null >/dev/null 2>&1 &); ${sleep} & echo ready; while :; do ${sleep}; done`
    }
    case 'leave-behind':
      return `printf all; sleep 86399.${behaviour.mark} 2>/dev/null & exit 0`
  }
}
