import { isAbsolute, join } from 'node:path'
import { AngeeError, registerSecret } from '../errors/index.ts'
import type { Files } from '../files/index.ts'
import type { Manifest } from '../manifest/index.ts'
import { didYouMean } from '../manifest/suggest.ts'
import type { StackPlace } from './locate.ts'

/** What a variable is called that holds a secret. */
const secretName = /passw|passphrase|_pass$|secret|token|credential|private_?key|api_?key|access_?key/i
/** Such a variable says where the secret is, and a path is needed in messages. */
const placeName = /_(file|path|dir|directory)$/i

/**
 * The stack's secrets by name: what its secrets file holds. Makes unprintable all of them, and of its own and the hooks'
 * environment those values whose names say that they are secret: a hook could print any of these.
 */
export async function readSecrets(
  place: StackPlace,
  manifest: Manifest,
  own: Readonly<Record<string, string | undefined>>,
  files: Files,
): Promise<ReadonlyMap<string, string>> {
  const path = isAbsolute(manifest.secretsFile) ? manifest.secretsFile : join(place.root, manifest.secretsFile)
  // One that may not be read cannot be printed by a hook that runs as us either.
  const bytes = await files.read(path).catch(() => undefined)
  const secrets = secretsIn(bytes?.toString() ?? '')
  for (const value of secrets.values()) registerSecret(value)
  for (const environment of [own, ...manifest.services.map(({ hook }) => hook?.env ?? {})]) {
    for (const [name, value] of Object.entries(environment)) {
      if (value !== undefined && isSecretName(name)) registerSecret(value)
    }
  }
  return secrets
}

/**
 * Fills the stack's secrets in, as they are now, where `${secret.NAME}` stands in a text. `where` is the place of the text
 * in the manifest. The function that is given throws BACKEND_OPTIONS_INVALID for a secret that is nowhere.
 */
export async function stackSecrets(
  place: StackPlace,
  manifest: Manifest,
  files: Files,
): Promise<(text: string, where: string) => string> {
  const secrets = await readSecrets(place, manifest, process.env, files)
  return (text, where) => {
    const at = where.lastIndexOf('.')
    const key = where.slice(at + 1)
    return fillSecrets({ [key]: text }, where.slice(0, at), secrets, process.env)[key] as string
  }
}

/** Whether a variable or a key of that name holds a secret, and not the place where one lies. */
export function isSecretName(name: string): boolean {
  return secretName.test(name) && !placeName.test(name)
}

/**
 * `options` with every `${secret.NAME}` in a text replaced by that secret, which is looked for in the secrets file and
 * then in the environment. BACKEND_OPTIONS_INVALID names one that is in neither.
 */
export function fillSecrets(
  options: Readonly<Record<string, unknown>>,
  where: string,
  secrets: ReadonlyMap<string, string>,
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, unknown> {
  const fill = (value: unknown, path: string): unknown => {
    if (typeof value === 'string') {
      return value.replace(reference, (_, name: string) => {
        const variable = variableOf(name)
        const found = secrets.get(name) ?? secrets.get(variable) ?? environment[name] ?? environment[variable]
        if (found === undefined || found === '') throw unknownSecret(name, path, secrets)
        registerSecret(found)
        return found
      })
    }
    if (Array.isArray(value)) return value.map((one, index) => fill(one, `${path}.${index}`))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fill(one, `${path}.${key}`)]))
  }
  return fill(options, where) as Record<string, unknown>
}

const reference = /\$\{secret\.([A-Za-z_][A-Za-z0-9_.-]*)\}/g

function unknownSecret(name: string, path: string, secrets: ReadonlyMap<string, string>): AngeeError {
  return new AngeeError('BACKEND_OPTIONS_INVALID', `${path} names the secret ${name}, which the stack does not have`, {
    hint: `${didYouMean(name, [...secrets.keys()])}Add a line ${name}=… to the secrets file of the stack, or set ${name} in the environment.`,
    context: { secret: name },
  })
}

/** The environment variable that carries a secret, and its name in the secrets file. */
export function variableOf(name: string): string {
  return name
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, '_')
    .replace(/^(\d)/, '_$1')
}

/** The `NAME=value` lines, the values without their quotes. */
export function secretsIn(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split('\n').flatMap((line): [string, string][] => {
      const [, name, written] = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*=\s*(.*?)\s*$/.exec(line) ?? []
      if (name === undefined || written === undefined) return []
      return [[name, /^(["'])(.*)\1$/.exec(written)?.[2] ?? written]]
    }),
  )
}
