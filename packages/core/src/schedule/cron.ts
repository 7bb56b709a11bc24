import { Cron } from 'croner'

/*
 * Cron expressions of five fields, as crontab(5) has them, and its nicknames (@daily). A local time that does not exist,
 * because clocks go forward, comes when they have; one that exists twice comes the first time.
 */

/** What is wrong with an expression; undefined where nothing is. */
export function cronProblem(expression: string): string | undefined {
  const fields = expression.trim().split(/\s+/).length
  if (fields !== 5 && !expression.startsWith('@')) return `no cron expression: it has ${fields} of 5 fields`
  try {
    if (parse(expression, 'UTC').nextRun(new Date(0)) === null) return 'a time that never comes'
    return undefined
  } catch (error) {
    return `no cron expression: ${(error as Error).message.replace(/^CronPattern: /, '')}`
  }
}

/** The first due time after `moment`, both in milliseconds since 1970; undefined when there is none any more. */
export function nextDue(expression: string, timezone: string, moment: number): number | undefined {
  return parse(expression, timezone).nextRun(new Date(moment))?.getTime()
}

/** The last due time at or before `moment`, both in milliseconds since 1970; undefined when there is none. */
export function lastDue(expression: string, timezone: string, moment: number): number | undefined {
  const cron = parse(expression, timezone)
  // Due times are whole seconds, and the one asked for may be `moment` itself.
  return cron.previousRuns(1, new Date(moment + 1000 - (moment % 1000)))[0]?.getTime()
}

const known = new Map<string, Cron>()

function parse(expression: string, timezone: string): Cron {
  const key = `${timezone} ${expression}`
  const cron = known.get(key) ?? new Cron(expression, { timezone, mode: '5-part', paused: true })
  if (known.size < 100) known.set(key, cron)
  return cron
}
