import { AngeeError } from '@angee/core'

/** The error about something that a copy would share with what it is a copy of. */
export function shares(where: string, what: string, hint: string): AngeeError {
  return new AngeeError('RUNTIME_FAILED', `${where} cannot be kept apart from the original: ${what}`, {
    hint,
    context: { where, what },
  })
}
