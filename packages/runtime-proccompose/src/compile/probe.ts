import type { ReadyCheck, ReadyProbe } from '@angee/core'
import { quoted } from './shell.ts'

/**
 * process-compose stops a process whose readiness probe has failed that often in a row: a database that is busy for a
 * minute would be gone. So it never comes to that; how long is long enough stands in {@link readyWithin}.
 */
const never = 1_000_000_000

/** A `readiness_probe`. `takeIn` is what gives a command the secrets of its service, or nothing. */
export function readinessProbe(ready: ReadyProbe, takeIn: string): Record<string, unknown> {
  return {
    ...check(ready, takeIn),
    period_seconds: seconds(ready.interval),
    timeout_seconds: seconds(ready.timeout),
    failure_threshold: never,
  }
}

/** Seconds after which a service that is not ready yet counts as one that will never be. */
export function readyWithin({ startPeriod, retries, interval, timeout }: ReadyProbe): number {
  return seconds(startPeriod) + retries * (seconds(interval) + seconds(timeout))
}

function check(ready: ReadyCheck, takeIn: string): Record<string, unknown> {
  if ('http' in ready) {
    const { port, path } = ready.http
    return { http_get: { host: 'localhost', scheme: 'http', port, path } }
  }
  return { exec: { command: takeIn + commandOf(ready) } }
}

function commandOf(ready: Exclude<ReadyCheck, { http: unknown }>): string {
  if ('tcp' in ready) return connects(ready.tcp.port)
  if ('file' in ready) return `test -s ${quoted(ready.file)}`
  const { cmd } = ready
  const words = typeof cmd === 'string' ? ['/bin/sh', '-c', cmd] : cmd
  return `exec ${words.map(quoted).join(' ')}`
}

/** No tool for this is everywhere: bash is on most machines, netcat on the others. */
function connects(port: number): string {
  const bash = `exec bash -c ': </dev/tcp/localhost/${port}'`
  return `if command -v bash >/dev/null; then ${bash}; else exec nc -z localhost ${port}; fi`
}

/** Whole seconds, never less than one and never less than asked for. */
function seconds(milliseconds: number): number {
  return Math.max(milliseconds === 0 ? 0 : 1, Math.ceil(milliseconds / 1000))
}
