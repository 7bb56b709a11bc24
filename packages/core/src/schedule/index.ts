export { lastDue, nextDue } from './cron.ts'
export { type ScheduledKind, type Schedules, scheduledKinds } from './schema.ts'
