import { AngeeError } from '@angee/core/errors'

/**
 * One key press or one closed window may arrive several times: from the terminal, from a shell, from a package runner
 * that passes it on. What comes within this time is the same one. Milliseconds.
 */
const sameMoment = 500

/**
 * A signal that aborts at the first SIGINT, SIGTERM or SIGHUP, so that the operation undoes what it has begun. At the
 * second one the process leaves at once; what was begun is then finished or undone by the next command.
 * `tell` is given what to say.
 */
export function interruptSignal(tell: (text: string) => void): AbortSignal {
  const controller = new AbortController()
  let first = Number.POSITIVE_INFINITY
  const onSignal = (name: NodeJS.Signals): void => {
    process.exitCode = 130
    const now = performance.now()
    if (controller.signal.aborted) {
      if (name === 'SIGHUP' || now - first < sameMoment) return
      tell('left at once: the next command finishes or undoes what this one had begun\n')
      process.exit(130)
    }
    first = now
    tell(`${name}: stopping and cleaning up (once more to leave at once)\n`)
    controller.abort(
      new AngeeError('INTERRUPTED', `interrupted by ${name}`, {
        hint: 'Run the command again when you want it done.',
        context: { signal: name },
        retry: 'now',
      }),
    )
  }
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal)
  return controller.signal
}
