export { type ScheduleFacts, scheduleFacts, schedulesOf } from './facts.ts'
export { makeScheduler, type Scheduler } from './scheduler.ts'
export { readStates } from './state.ts'
