export { type ScheduleFacts, scheduleFacts, schedulesOf } from './facts.ts'
export { makeScheduler, type Scheduler, scheduler } from './scheduler.ts'
export { readStates } from './state.ts'
