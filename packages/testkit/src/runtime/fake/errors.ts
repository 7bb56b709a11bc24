import { AngeeError } from '@angee/core'

/** RUNTIME_FAILED for a name that the engine's file does not have. */
export function notThere(kind: 'service' | 'job', name: string): AngeeError {
  return new AngeeError('RUNTIME_FAILED', `there is no ${kind} ${name}`, {
    hint: `Define ${name} in angee.yaml, or in the file that was written by hand.`,
    context: { [kind]: name },
  })
}

/** SERVICE_NOT_RUNNING. */
export function unavailable(service: string, problem: string, known?: readonly string[]): AngeeError {
  const hint = known === undefined ? `Start ${service}.` : `Known services: ${known.join(', ')}.`
  return new AngeeError('SERVICE_NOT_RUNNING', `service ${service} ${problem}`, { hint, context: { service } })
}
