import { AngeeError, type HookCommand } from '@angee/core'

/** The container stopped while the command ran: whatever came out is not whole. */
export function stoppedMeanwhile(service: string, command: HookCommand): AngeeError {
  return new AngeeError('SERVICE_NOT_RUNNING', `service ${service} stopped while this ran in it: ${shown(command)}`, {
    hint: `See why: docker compose logs ${service}`,
    context: { service },
    retry: 'later',
  })
}

/** The engine could not start the command; `words` are its own. */
export function notStarted(service: string, command: HookCommand, words: string): AngeeError {
  return new AngeeError('RUNTIME_FAILED', `service ${service} cannot run ${shown(command)}: ${words}`, {
    hint: 'A string needs /bin/sh in the image; a user or workdir of the hook must exist there.',
    context: { service },
  })
}

/** The command is said to have succeeded, but the end of its output never came. */
export function cutOutput(service: string, command: HookCommand): AngeeError {
  return new AngeeError('RUNTIME_FAILED', `the engine cut the output of this in ${service}: ${shown(command)}`, {
    hint: 'Run it again. A command that leaves processes running which write to its output has to wait for them.',
    context: { service },
    retry: 'now',
  })
}

/** The reader paused shortly before the end, which may have cost bytes. */
export function cutBehindStall(service: string, command: HookCommand): AngeeError {
  return new AngeeError(
    'RUNTIME_FAILED',
    `${service} has no /bin/sh, so the end of a slowly read output cannot be proved: ${shown(command)}`,
    {
      hint: 'Run it again when the backend is faster, or use an image that holds /bin/sh.',
      context: { service },
      retry: 'later',
    },
  )
}

/** Something the command left running can still write: nobody can tell whether all has come. */
export function heldOpen(service: string, command: HookCommand): AngeeError {
  return new AngeeError(
    'RUNTIME_FAILED',
    `a process left behind in ${service} holds the output of this command open: ${shown(command)}`,
    {
      hint: 'Let the command wait for what it starts, or redirect the output of what it leaves running.',
      context: { service },
    },
  )
}

function shown(command: HookCommand): string {
  return typeof command === 'string' ? command : command.join(' ')
}
