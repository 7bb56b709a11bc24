import type { HookCommand } from '@angee/core'

/** A call that changed or used something, in the order they were made. A call on several services counts for each. */
export interface RuntimeCall {
  call:
    | 'exec'
    | 'start'
    | 'stop'
    | 'pause'
    | 'resume'
    | 'waitHealthy'
    | 'prepare'
    | 'up'
    | 'down'
    | 'runJob'
    | 'copyDefinition'
  /** The service; of `runJob` the job. */
  service?: string
  command?: HookCommand
  /** Of `down`. */
  volumes?: boolean
}
