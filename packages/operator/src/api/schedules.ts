import { defineRoute } from './route.ts'
import { scheduleList } from './schemas/schedule.ts'

export const listSchedules = defineRoute({
  id: 'listSchedules',
  method: 'get',
  path: '/stack/schedules',
  group: 'schedules',
  summary: 'What is done on a schedule: when next, how it went last, what is overdue',
  scope: 'read',
  answer: { status: 200, description: 'Those of angee.yaml', schema: scheduleList },
})
