import { dirname, isAbsolute, join } from 'node:path'
import type { Random, StackSecret } from '../contract/index.ts'
import { AngeeError, registerSecret } from '../errors/index.ts'
import type { Files } from '../files/index.ts'
import type { Stack } from '../stack/index.ts'
import { secretsIn, variableOf } from '../stack/secrets.ts'
import type { BringUpDocument } from './schema.ts'

/** The type of a secrets backend that is a file of `NAME=value` lines. */
const fileTypes = ['env-file', 'file']

export interface SecretSources {
  random: Random
  /** This process's own: what `import` names is looked for there. */
  environment: Readonly<Record<string, string | undefined>>
}

/**
 * Every secret of the stack with its value: what its secrets file holds, and what the manifest declares. A declared one
 * that has no value yet is imported or generated, and written to the file, which only its owner can read. All that are
 * required and missing are named at once: MANIFEST_INVALID.
 */
export async function ensureSecrets(
  { place, manifest, files }: Pick<Stack, 'place' | 'manifest' | 'files'>,
  document: BringUpDocument,
  { random, environment }: SecretSources,
): Promise<ReadonlyMap<string, StackSecret>> {
  const declared = Object.entries(document.secrets)
  const type = document.secrets_backend?.type ?? 'env-file'
  if (declared.length > 0 && !fileTypes.includes(type)) throw unsupported(type)
  const file = isAbsolute(manifest.secretsFile) ? manifest.secretsFile : join(place.root, manifest.secretsFile)
  const text = (await files.read(file))?.toString() ?? ''
  const present = secretsIn(text)
  const found = new Map<string, StackSecret>()
  const fresh: string[] = []
  const missing: string[] = []
  for (const [name, value] of present) found.set(name, { variable: variableOf(name), value })
  for (const [name, wanted] of declared) {
    const variable = variableOf(name)
    const known = present.get(name) ?? present.get(variable)
    const made = known ?? environment[wanted?.import ?? variable] ?? generated(wanted, random)
    if (made === undefined || made === '') {
      missing.push(wanted?.import === undefined ? name : `${name} (from ${wanted.import})`)
      continue
    }
    if (known === undefined) fresh.push(`${variable}=${quoted(made, name)}\n`)
    found.set(name, { variable, value: made })
  }
  if (missing.length > 0) throw without(missing, file)
  for (const { value } of found.values()) registerSecret(value)
  if (fresh.length > 0) await append(files, file, text, fresh.join(''))
  return found
}

/** Letters, digits, `-` and `_`: these need no quoting in a URL, a file or a shell. */
function generated(wanted: BringUpDocument['secrets'][string], random: Random): string | undefined {
  if (wanted?.generated !== true) return undefined
  return Buffer.from(random(new Uint8Array(wanted.length)))
    .toString('base64url')
    .slice(0, wanted.length)
}

/** As a line of a file that shells and engines read in the same way. */
function quoted(value: string, name: string): string {
  if (/^[A-Za-z0-9_\-./:=@%~^,+]+$/.test(value)) return value
  if (!/['\n]/.test(value)) return `'${value}'`
  if (!/["\\$`\n]/.test(value)) return `"${value}"`
  throw new AngeeError('MANIFEST_INVALID', `the secret ${name} cannot be kept in a file of NAME=value lines`, {
    hint: 'It has line breaks, or both kinds of quotes. Encode it, for example as base64, and let the service decode it.',
  })
}

async function append(files: Files, file: string, text: string, lines: string): Promise<void> {
  const before = await files.facts(file)
  const gap = text === '' || text.endsWith('\n') ? '' : '\n'
  await files.writeDurably(file, Buffer.from(`${text}${gap}${lines}`))
  const after = await files.facts(file)
  if (before && after) await files.setAttributes(file, { ...after, uid: before.uid, gid: before.gid })
  await files.syncDirectory(dirname(file))
}

function without(missing: readonly string[], file: string): AngeeError {
  return new AngeeError('MANIFEST_INVALID', `these secrets have no value: ${missing.join(', ')}`, {
    hint: `Set them in the environment, or add lines NAME=value to ${file}.`,
    context: { missing },
  })
}

function unsupported(type: string): AngeeError {
  return new AngeeError('MANIFEST_INVALID', `secrets_backend.type "${type}" is not one angee can read`, {
    hint: `Use one of ${fileTypes.join(', ')}, or have that backend write the file that secrets_backend.path names and leave "secrets:" out.`,
  })
}
