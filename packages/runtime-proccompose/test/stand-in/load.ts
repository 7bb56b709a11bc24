import { existsSync, readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { parseEnvFile } from '../../src/definition/env-file.ts'

interface Probe {
  exec?: { command: string; working_dir?: string }
  http_get?: { host?: string; scheme?: string; port?: number | string; path?: string; status_code?: number }
  initial_delay_seconds?: number
  period_seconds?: number
  timeout_seconds?: number
  failure_threshold?: number
}

export interface Declared {
  command?: string
  entrypoint?: string[]
  disabled?: boolean
  working_dir?: string
  environment?: string[]
  env_file?: string
  is_dotenv_disabled?: boolean
  availability?: { restart?: 'always' | 'on_failure' | 'exit_on_failure' | 'no'; backoff_seconds?: number }
  depends_on?: Record<string, { condition?: string }>
  readiness_probe?: Probe
  ready_log_line?: string
  shutdown?: { signal?: number; timeout_seconds?: number }
  log_location?: string
  description?: string
  [key: string]: unknown
}

export interface Loaded {
  environment: string[]
  dotEnv: Record<string, string>
  shell: { shell_command: string; shell_argument: string }
  processes: Record<string, Declared>
}

/** Ends the program the way process-compose does for what it cannot read. */
export function fatal(words: string): never {
  process.stderr.write(`FTL ${words}\n`)
  process.exit(1)
}

/** Reads a file as process-compose does: variables first, then YAML, then templates. Throws what is wrong. */
export function load(file: string, withDotEnv: boolean): Loaded {
  const dotEnv = withDotEnv && existsSync('.env') ? parseEnvFile(readFileSync('.env', 'utf8')) : {}
  const text = substitute(readFileSync(file, 'utf8'), (name) => dotEnv[name] ?? process.env[name] ?? '')
  const document = (parse(text) ?? {}) as Partial<Loaded>
  const processes = Object.fromEntries(
    Object.entries(document.processes ?? {}).flatMap(([name, given]) => replicas(name, { ...given })),
  )
  const disabled = (process.env['PC_DISABLED_PROCESSES'] ?? '').split(',')
  for (const [name, declared] of Object.entries(processes)) {
    if (disabled.includes(name)) declared.disabled = true
    refuseTemplates(name, declared)
    for (const other of Object.keys(declared.depends_on ?? {})) {
      if (processes[other] === undefined)
        throw new Error(`dependency process '${other}' in process '${name}' is not defined`)
    }
  }
  const shell = document.shell ?? { shell_command: process.env['COMPOSE_SHELL'] ?? 'bash', shell_argument: '-c' }
  return { environment: document.environment ?? [], dotEnv, shell, processes }
}

function replicas(name: string, declared: Declared): [string, Declared][] {
  const count = Number(declared['replicas'] ?? 1)
  if (count <= 1) return [[name, declared]]
  return Array.from({ length: count }, (_, at) => [`${name}-${at}`, { ...declared }])
}

/**
 * The order of process-compose: doubled dollar signs are set aside, then its substitution library reads the text. That
 * one knows `${…}` only, takes the first of two backslashes away, and one before a slash.
 */
function substitute(text: string, value: (name: string) => string): string {
  const aside = '##PC_ENV_ESCAPED##'
  const replaced = text
    .replaceAll('$$', aside)
    .replace(/\\([\\/])|\$\{([^}]*)\}/g, (all, escaped?: string, inside?: string) => {
      if (escaped !== undefined) return escaped
      const [, name, otherwise] = /^([\w-]+)(?::?[-=](.*))?$/s.exec(inside ?? '') ?? []
      if (name === undefined) throw new Error(`environment substitution errored: bad substitution: ${all}`)
      return value(name) || (otherwise ?? '')
    })
  return replaced.replaceAll(aside, '$')
}

/** It renders these as templates of Go. The stand-in cannot, and says so instead of passing them on. */
function refuseTemplates(name: string, { command, working_dir, log_location, description, ...rest }: Declared): void {
  const probe = rest.readiness_probe
  const rendered = [command, working_dir, log_location, description, ...(rest.environment ?? [])]
  for (const text of [...rendered, probe?.exec?.command, probe?.http_get?.path]) {
    if (text?.includes('{{')) throw new Error(`error rendering template for process ${name}`)
  }
}
