import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { AngeeError } from '@angee/core'
import { parse } from 'yaml'
import { z } from 'zod'
import { isCompiled } from '../compile/document.ts'
import { ownKey } from '../compile/process.ts'
import { parseEnvFile } from './env-file.ts'
import { expand } from './expand.ts'

/** process-compose takes an environment as a list; a map is what people write by mistake and mean just as well. */
const environment = z
  .union([z.array(z.string()), z.record(z.string(), z.coerce.string())])
  .transform((given) => (Array.isArray(given) ? given : Object.entries(given).map(([key, value]) => `${key}=${value}`)))

const declaredProcess = z
  .looseObject({
    environment: environment.nullish(),
    env_file: z.string().optional(),
    working_dir: z.string().optional(),
    is_dotenv_disabled: z.boolean().optional(),
    depends_on: z.record(z.string(), z.unknown()).nullish(),
    disabled: z.boolean().optional(),
    replicas: z.int().optional(),
    command: z.string().optional(),
    entrypoint: z.array(z.coerce.string()).nullish(),
    [ownKey]: z.object({ ready_within: z.number().optional(), takes_in: z.boolean().optional() }).optional(),
  })
  .nullable()

const document = z
  .looseObject({
    environment: environment.nullish(),
    shell: z.object({ shell_command: z.string(), shell_argument: z.string() }).nullish(),
    processes: z.record(z.string(), declaredProcess).nullish(),
  })
  .nullable()
type Document = NonNullable<z.output<typeof document>>

/** The part of a process-compose file that angee reads, with variables put in as process-compose does it. */
export interface Definition {
  file: string
  text: string
  /** Whether angee wrote it. */
  compiled: boolean
  /** Where process-compose is started, as far as the file tells. */
  directory: string
  environment: string[]
  processes: Record<string, DeclaredProcess>
}

export interface DeclaredProcess {
  /** What it runs; undefined where the file does not say. */
  argv: string[] | undefined
  environment: string[]
  envFile: string | undefined
  workingDirectory: string | undefined
  dotEnv: boolean
  dependsOn: string[]
  disabled: boolean
  replicas: number
  /** Seconds; only where angee wrote it. */
  readyWithin: number | undefined
  /** Whether it takes in variables from a file below `run/`. */
  takesIn: boolean
}

/** The names process-compose looks for that cannot be Docker Compose's. */
export const fileNames = ['process-compose.yml', 'process-compose.yaml'] as const

/** The process-compose file of a stack: the one named in the options, else the one that lies in the stack root. */
export function definitionFile(stackRoot: string, named: string | undefined): string | undefined {
  if (named !== undefined) return resolve(stackRoot, named)
  return fileNames.map((name) => join(stackRoot, name)).find((file) => existsSync(file))
}

/**
 * Reads a process-compose file, loosely: what is not asked for is not checked. `system` is the environment of the server
 * that runs it. RUNTIME_FAILED names what is wrong.
 */
export async function readDefinition(
  file: string,
  system: Readonly<Record<string, string | undefined>>,
): Promise<Definition> {
  try {
    const text = await readFile(file, 'utf8')
    const compiled = isCompiled(text)
    const directory = dirname(file)
    const dotEnv = compiled ? {} : await readDotEnv(directory)
    const expanded = expand(text, { ...system, ...dotEnv })
    const read = document.parse(parse(expanded, { merge: true })) ?? {}
    const shell = [read.shell?.shell_command ?? system['COMPOSE_SHELL'] ?? 'bash', read.shell?.shell_argument ?? '-c']
    const processes = declared(read.processes ?? {}, shell)
    return { file, text, compiled, directory, environment: read.environment ?? [], processes }
  } catch (cause) {
    throw new AngeeError('RUNTIME_FAILED', `${file} cannot be read: ${reason(cause)}`, {
      hint: 'Correct it, or name another file under runtimes.proccompose.file in angee.yaml.',
      context: { file },
      cause,
    })
  }
}

/** What each process of a file depends on. */
export function dependenciesOf({ processes }: Pick<Definition, 'processes'>): Map<string, string[]> {
  return new Map(Object.entries(processes).map(([name, { dependsOn }]) => [name, dependsOn]))
}

/** The variables of the `.env` that process-compose reads, if there is one. */
export async function readDotEnv(directory: string): Promise<Record<string, string>> {
  return parseEnvFile(await readFile(join(directory, '.env'), 'utf8').catch(() => ''))
}

function declared(
  processes: NonNullable<Document['processes']>,
  shell: readonly string[],
): Record<string, DeclaredProcess> {
  return Object.fromEntries(
    Object.entries(processes).map(([name, given]) => [
      name,
      {
        argv: given?.command === undefined ? (given?.entrypoint ?? undefined) : [...shell, given.command],
        environment: given?.environment ?? [],
        envFile: given?.env_file,
        workingDirectory: given?.working_dir,
        dotEnv: given?.is_dotenv_disabled !== true,
        dependsOn: Object.keys(given?.depends_on ?? {}),
        disabled: given?.disabled === true,
        replicas: given?.replicas ?? 1,
        readyWithin: given?.[ownKey]?.ready_within,
        takesIn: given?.[ownKey]?.takes_in === true,
      },
    ]),
  )
}

function reason(cause: unknown): string {
  if (cause instanceof z.ZodError)
    return cause.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')
  return cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause)
}
