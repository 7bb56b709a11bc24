import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { AngeeError } from '@angee/core'
import { parse } from 'yaml'
import { z } from 'zod'

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
  })
  .nullable()

const document = z
  .looseObject({ environment: environment.nullish(), processes: z.record(z.string(), declaredProcess).nullish() })
  .nullable()

/** The part of a process-compose file that says where and with what a process runs. Values are not yet expanded. */
export interface Definition {
  file: string
  /** Where process-compose is started, as far as the file tells. */
  directory: string
  environment: string[]
  processes: Record<string, DeclaredProcess>
}

interface DeclaredProcess {
  environment: string[]
  envFile: string | undefined
  workingDirectory: string | undefined
  dotEnv: boolean
}

/** The names process-compose looks for that cannot be Docker Compose's. */
const fileNames = ['process-compose.yml', 'process-compose.yaml']

/** The process-compose file of a stack: the one named in the options, else the one that lies in the stack root. */
export function definitionFile(stackRoot: string, named: string | undefined): string | undefined {
  if (named !== undefined) return resolve(stackRoot, named)
  return fileNames.map((name) => join(stackRoot, name)).find((file) => existsSync(file))
}

/** Reads a process-compose file, loosely: what is not asked for is not checked. RUNTIME_FAILED names what is wrong. */
export async function readDefinition(file: string): Promise<Definition> {
  try {
    const { environment, processes } = document.parse(parse(await readFile(file, 'utf8'), { merge: true })) ?? {}
    return { file, directory: dirname(file), environment: environment ?? [], processes: declared(processes ?? {}) }
  } catch (cause) {
    throw new AngeeError('RUNTIME_FAILED', `${file} cannot be read: ${reason(cause)}`, {
      hint: 'Correct it, or name another file under runtimes.proccompose.file in angee.yaml.',
      context: { file },
      cause,
    })
  }
}

function declared(processes: Record<string, z.output<typeof declaredProcess>>): Record<string, DeclaredProcess> {
  return Object.fromEntries(
    Object.entries(processes).map(([name, given]) => [
      name,
      {
        environment: given?.environment ?? [],
        envFile: given?.env_file,
        workingDirectory: given?.working_dir,
        dotEnv: given?.is_dotenv_disabled !== true,
      },
    ]),
  )
}

function reason(cause: unknown): string {
  if (cause instanceof z.ZodError)
    return cause.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')
  return cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause)
}
