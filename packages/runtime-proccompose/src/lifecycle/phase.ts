import type { ServiceStatus } from '@angee/core'
import type { ProcessState } from '../supervisor/answers.ts'

/**
 * What a process-compose status means for data. `active`: it runs. `coming`: it does not run now, and the server will
 * start it by itself. `ending`: it was told to stop and still lives; the server already calls it not running.
 * `ended`: it stays as it is until somebody starts it.
 */
export type Phase = 'active' | 'coming' | 'ending' | 'ended'

export function phaseOf({ status, is_running, process_end_time, pid }: ProcessState): Phase {
  if (['Running', 'Launching', 'Launched'].includes(status)) return 'active'
  if (['Pending', 'Restarting'].includes(status)) return 'coming'
  // A process stopped while it waited for others keeps this status for good, and has never had a pid.
  if (status === 'Terminating') return process_end_time !== undefined || pid === 0 ? 'ended' : 'ending'
  return is_running ? 'active' : 'ended'
}

/** The health of a process that runs. */
export function healthOf({ status, is_ready, has_ready_probe }: ProcessState): ServiceStatus['health'] {
  if (is_ready === 'Ready') return 'healthy'
  if (status !== 'Running' && status !== 'Launched') return has_ready_probe ? 'starting' : 'none'
  if (is_ready === 'Not Ready') return 'unhealthy'
  return has_ready_probe ? 'starting' : 'none'
}
