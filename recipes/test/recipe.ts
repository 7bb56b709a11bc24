import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { type Hook, parseManifest } from '@angee/core'
import { parse } from 'yaml'

/** The hook of a recipe, as a stack that copied it would have it. */
export function recipeHook(recipe: string, service: string): Hook {
  const file = join(import.meta.dirname, '..', recipe)
  const hook = parseManifest(readFileSync(file, 'utf8'), file).services.find(({ name }) => name === service)?.hook
  if (hook === undefined) throw new Error(`${recipe} has no hook for ${service}`)
  return hook
}

/** What a container is started with, by the recipe; its secrets have this value. */
export const secretValue = 'only-for-tests-91c7'

export interface RecipeService {
  env: Record<string, string>
  command: string | undefined
  /** The command that succeeds once it is up. */
  ready: string
}

/** How the recipe starts its service. */
export function recipeService(recipe: string, service: string): RecipeService {
  const file = join(import.meta.dirname, '..', recipe)
  const { env = {}, command, ready } = parse(readFileSync(file, 'utf8')).services[service]
  const values = Object.entries<string>(env).map(([key, value]) => [
    key,
    value.replaceAll(/\$\{secret\.[\w-]+\}/g, secretValue),
  ])
  return { env: Object.fromEntries(values), command, ready: ready.cmd }
}

export interface Outcome {
  code: number | null
  stdout: Buffer
  stderr: string
}

/** Runs one program to its end with `input` on its stdin. */
export async function runProgram(
  argv: readonly string[],
  input: Buffer = Buffer.alloc(0),
  environment: Record<string, string> = {},
  directory?: string,
): Promise<Outcome> {
  const [program = '', ...words] = argv
  const child = spawn(program, words, {
    env: { ...process.env, ...environment },
    ...(directory === undefined ? {} : { cwd: directory }),
  })
  child.stdin.on('error', () => undefined) // it may end before it has read everything
  Readable.from([input]).pipe(child.stdin)
  const ended = new Promise<number | null>((done, failed) => {
    child.once('error', failed)
    child.once('exit', done)
  })
  const [code, stdout, stderr] = await Promise.all([ended, buffer(child.stdout), text(child.stderr)])
  return { code, stdout, stderr }
}

/** The output of what must succeed. */
export async function must(outcome: Promise<Outcome>): Promise<string> {
  const { code, stdout, stderr } = await outcome
  if (code !== 0) throw new Error(`exit ${code}: ${stderr}`)
  return stdout.toString()
}
