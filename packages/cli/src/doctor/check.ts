import { toAngeeError } from '@angee/core'

/** One thing a snapshot or a restore depends on, and how it is. */
export interface Check {
  name: string
  status: 'ok' | 'warn' | 'fail'
  message: string
  /** The next step; always there unless all is well. */
  hint?: string
}

export function ok(name: string, message: string): Check {
  return { name, status: 'ok', message }
}

export function warn(name: string, message: string, hint: string): Check {
  return { name, status: 'warn', message, hint }
}

export function fail(name: string, message: string, hint: string): Check {
  return { name, status: 'fail', message, hint }
}

/** What `look` finds; when it throws, that is the finding. */
export async function check(name: string, look: () => Promise<Check | Check[]>): Promise<Check[]> {
  try {
    return [await look()].flat()
  } catch (error) {
    const { message, hint, code } = toAngeeError(error)
    return [fail(name, message, hint ?? `See what the message names (${code}).`)]
  }
}
