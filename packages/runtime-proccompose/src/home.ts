import { join } from 'node:path'

/** Where this runtime keeps what it must remember of a stack: below `run/`, which no snapshot holds. */
export interface Home {
  directory: string
  /** Held while the server is started, changed or ended. */
  lock: string
  /** What is known of the server that angee started. */
  record: string
  /** The file the server runs: what the prepared file says of the services that have been brought up. */
  live: string
  /** There while the server has not yet read what stands in `live`. */
  reloadOwed: string
  socket: string
  logs: string
  /** What belongs to one service: the beginning of the paths of its files. */
  service(name: string): string
  /** The same of one run of a job. */
  job(name: string, run: string): string
  /** The directories in which these lie. */
  services: string
  jobs: string
}

/** Ends of the paths that `Home.service` and `Home.job` begin. */
export const environmentEnd = '.env'
export const processEnd = '.pid'

export function homeOf(stackRoot: string): Home {
  const run = join(stackRoot, 'run')
  const directory = join(run, 'process-compose')
  const services = join(directory, 'services')
  const jobs = join(directory, 'jobs')
  return {
    directory,
    services,
    jobs,
    lock: join(directory, 'lock'),
    record: join(directory, 'server.json'),
    live: join(directory, 'live.yaml'),
    reloadOwed: join(directory, 'reload-owed'),
    socket: join(run, 'process-compose.sock'),
    logs: join(run, 'logs'),
    service: (name) => join(services, encodeURIComponent(name)),
    job: (name, word) => join(jobs, `${encodeURIComponent(name)}+${word}`),
  }
}
