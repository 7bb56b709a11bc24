import { isScalar, type Pair, parseDocument, type Scalar, visit } from 'yaml'
import { AngeeError, redact } from '../errors/index.ts'
import { isSecretName } from './secrets.ts'
import type { Stack } from './stack.ts'

/**
 * The `angee.yaml` of a stack as it is now, to be shown elsewhere: with `[redacted]` for every secret that is known,
 * for the value of every key whose name says that it holds one, and for such an entry of a list of `NAME=value`.
 */
export async function shareableDefinition({ place, files, backends }: Stack): Promise<string> {
  await backends.registerSecrets()
  const bytes = await files.read(place.manifestFile)
  if (bytes) return withoutSecrets(bytes.toString())
  throw new AngeeError('STACK_NOT_FOUND', `${place.manifestFile} is gone`, { hint: 'Put it back and run again.' })
}

/** The text of a YAML document with what may be secret in it replaced; everything else stays as it is written. */
export function withoutSecrets(text: string): string {
  const cuts: [start: number, end: number][] = []
  const cut = (scalar: Scalar): void => {
    const [start = 0, end = 0] = scalar.range ?? []
    if (!isReference(scalar.value)) cuts.push([start, end])
  }
  visit(parseDocument(text), {
    Pair: (_, pair: Pair) => {
      if (isScalar(pair.key) && isScalar(pair.value) && isSecretName(String(pair.key.value))) cut(pair.value)
    },
    Scalar: (key, scalar) => {
      if (typeof key !== 'number' || typeof scalar.value !== 'string') return
      const [, name] = /^([A-Za-z_][A-Za-z0-9_]*)=./.exec(scalar.value) ?? []
      if (name !== undefined && isSecretName(name)) cut(scalar)
    },
  })
  const clean = cuts.reduceRight((rest, [start, end]) => {
    // A block of text ends with the line break that what follows it needs.
    const [space = ''] = /\s*$/.exec(rest.slice(start, end)) ?? []
    return `${rest.slice(0, start)}"[redacted]"${space}${rest.slice(end)}`
  }, text)
  return redact(clean.replace(passwordInUrl, '$1[redacted]@'))
}

const passwordInUrl = /(:\/\/[^\s/:@'"]*:)[^\s/@'"]+@/g

/** `${secret.NAME}` names a secret and is none. */
function isReference(value: unknown): boolean {
  return typeof value === 'string' && /^\$\{[^}]*\}$/.test(value)
}
