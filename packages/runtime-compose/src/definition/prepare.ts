import { randomBytes } from 'node:crypto'
import { chmod, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { AngeeError, type Context, isSecretName, type PreparedDefinition, type StackDefinition } from '@angee/core'
import type { Project } from '../lifecycle/project.ts'
import { compile, composed } from './compile.ts'
import { literal } from './text.ts'

/**
 * Writes the Compose file of a definition, unless a person wrote one. The file of which the words stay the same is not
 * touched. MANIFEST_INVALID for a service without an image and for what no engine can take.
 */
export async function prepareDefinition(
  project: Project,
  definition: StackDefinition,
  ctx: Context,
): Promise<PreparedDefinition> {
  ctx.signal.throwIfAborted()
  project.remember(definition)
  const source = project.source()
  if (source.origin === 'by-hand') return { file: source.file, outcome: 'by-hand' }
  refuseNul(definition)
  const text = compile(definition, project.nameFor(definition))
  const mode = isSensitive(text, definition) ? 0o600 : 0o644
  if (source.origin === 'compiled' && (await readFile(source.file, 'utf8')) === text) {
    if (((await stat(source.file)).mode & 0o777) !== mode) await chmod(source.file, mode)
    return { file: source.file, outcome: 'kept' }
  }
  await writeWhole(source.file, text, mode)
  return { file: source.file, outcome: 'written' }
}

/** Another process sees the old file or the new one, never a part of it. */
export async function writeWhole(file: string, text: string, mode: number): Promise<void> {
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`
  try {
    await writeFile(temporary, text, { flag: 'wx', mode: 0o600, flush: true })
    await chmod(temporary, mode)
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** Whether somebody wrote into the manifest what others should not read: the file is then its owner's alone. */
function isSensitive(text: string, { secrets }: StackDefinition): boolean {
  const literals = text.split('\n').some((line) => {
    const [, name, value] = /^\s*(?:- )?"?([A-Za-z_][\w.-]*)"?(?:: "|=)(.+)"$/.exec(line) ?? []
    return name !== undefined && isSecretName(name) && !/^\$\{[^{}]+\}$/.test(value ?? '')
  })
  const asWritten = (value: string) => JSON.stringify(literal(value)).slice(1, -1)
  return literals || [...secrets.values()].some(({ value }) => value.length >= 6 && text.includes(asWritten(value)))
}

function refuseNul(definition: StackDefinition): void {
  const secret = [...definition.secrets].find(([, { value }]) => value.includes('\0'))
  const texts = composed(definition).flatMap(({ kind, name, env }) =>
    Object.entries(env).map(([variable, pieces]) => ({ where: `${kind}s.${name}.env.${variable}`, pieces })),
  )
  const text = texts.find(({ pieces }) => pieces.some((piece) => typeof piece === 'string' && piece.includes('\0')))
  const where = secret ? `the secret ${secret[0]}` : text?.where
  if (where === undefined) return
  throw new AngeeError('MANIFEST_INVALID', `${where} holds a NUL byte, which no environment variable can`, {
    hint: 'Encode it, for example as base64, and let the service decode it.',
  })
}
