import { redact } from '@angee/core'

/** Set for everything that runs for a stack, to the stack's root: by it what a dead server left behind is found. */
export const stackVariable = 'ANGEE_STACK'
/** Set besides for a job, to its name, and for a hook, to that of its service. */
export const jobVariable = 'ANGEE_JOB'
export const hookVariable = 'ANGEE_HOOK'

/**
 * What of our own environment services and jobs get to see. Not the settings of a process-compose that we run under
 * ourselves, which would steer this one; nor angee's own; nor a variable that is a registered secret, such as the
 * password of a backend.
 */
export function passedOn(own: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(own).flatMap(([name, value]): [string, string][] => {
      if (value === undefined || /^(PC|ANGEE)_/.test(name)) return []
      return value !== '' && redact(value) === '[redacted]' ? [] : [[name, value]]
    }),
  )
}
