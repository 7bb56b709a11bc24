import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { AngeeError, type PreparedDefinition, type StackDefinition } from '@angee/core'
import { compileStack } from '../compile/compile.ts'
import { isCompiled } from '../compile/document.ts'
import { fileNames } from '../definition/definition.ts'
import { environmentEnd, type Home } from '../home.ts'
import type { Place } from '../place.ts'
import { writeWhole } from '../write.ts'

/**
 * Writes `process-compose.yaml` for the local services of a stack, and below `run/`, for the owner's eyes alone, what of
 * their environment holds a secret. A file that a person wrote is left alone. MANIFEST_INVALID.
 */
export async function prepareStack(
  { stackRoot, options, home }: Place,
  definition: StackDefinition,
): Promise<PreparedDefinition> {
  const byHand = await fileByHand(stackRoot, options.file)
  if (byHand !== undefined) return { file: byHand, outcome: 'by-hand' }
  const file = join(stackRoot, 'process-compose.yaml')
  const { text, environments } = compileStack(definition)
  await writeEnvironments(home, environments)
  if ((await readFile(file, 'utf8').catch(() => undefined)) === text) return { file, outcome: 'kept' }
  await writeWhole(file, text, 0o644)
  return { file, outcome: 'written' }
}

/** RUNTIME_FAILED when the options name a file that is not there. */
async function fileByHand(stackRoot: string, named: string | undefined): Promise<string | undefined> {
  if (named !== undefined) {
    const file = resolve(stackRoot, named)
    if (existsSync(file)) return file
    throw new AngeeError('RUNTIME_FAILED', `there is no ${file}`, {
      hint: 'Put it there, or leave out runtimes.proccompose.file: then angee writes a file of its own.',
      context: { file },
    })
  }
  for (const name of fileNames) {
    const file = join(stackRoot, name)
    const text = await readFile(file, 'utf8').catch(() => undefined)
    if (text !== undefined && !isCompiled(text)) return file
  }
  return undefined
}

/** Each is written before the file that has its service take it in; those that nobody takes in any more go. */
async function writeEnvironments(home: Home, environments: ReadonlyMap<string, string>): Promise<void> {
  const directory = home.services
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const wanted = new Map([...environments].map(([name, text]) => [`${home.service(name)}${environmentEnd}`, text]))
  for (const name of await readdir(directory)) {
    const file = join(directory, name)
    if (name.endsWith(environmentEnd) && !wanted.has(file)) await rm(file, { force: true })
  }
  for (const [file, text] of wanted) await writeWhole(file, text, 0o600)
}
