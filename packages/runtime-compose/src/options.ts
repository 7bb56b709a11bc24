import { z } from 'zod'

const oneOrMore = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)])

/**
 * What a stack may say about its Compose project. Each option stands for a flag of `docker compose` and is for stacks
 * that need that flag by hand too; without them, Compose's own rules apply (file names, `name:`, COMPOSE_PROJECT_NAME).
 */
export const composeOptions = z.strictObject({
  /** Compose files, relative to the stack root; later ones override earlier ones. */
  file: oneOrMore.optional(),
  project_name: z.string().min(1).optional(),
  /** Files with variables for the Compose file, relative to the stack root. */
  env_file: oneOrMore.optional(),
})

export type ComposeOptions = z.output<typeof composeOptions>

/** The words after `docker` that every call for this project starts with. */
export function projectWords({ file, project_name, env_file }: ComposeOptions): string[] {
  return [
    'compose',
    '--ansi=never',
    ...listOf(file).flatMap((path) => ['--file', path]),
    ...(project_name === undefined ? [] : ['--project-name', project_name]),
    ...listOf(env_file).flatMap((path) => ['--env-file', path]),
  ]
}

function listOf(value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined) return []
  return typeof value === 'string' ? [value] : value
}
