import { AngeeError, type SecretText, type StackDefinition, type Workload } from '@angee/core'
import { isShellName } from './shell.ts'

/** The environment of a workload, by the way in which each variable reaches it. */
export interface SortedEnvironment {
  /** Stands in the file that everybody can read. */
  open: Record<string, string>
  /** Of those, the ones whose names a shell does not pass on. */
  odd: Record<string, string>
  /** Holds a secret, or what process-compose would change: stands in a file of mode 0600. */
  closed: Record<string, string>
}

/** Sorts the environment of a service. MANIFEST_INVALID for a variable that cannot be passed on. */
export function sortEnvironment(workload: Workload, secrets: StackDefinition['secrets']): SortedEnvironment {
  const sorted: SortedEnvironment = { open: {}, odd: {}, closed: {} }
  for (const [name, pieces] of Object.entries(workload.env)) {
    const value = textOf(workload, name, pieces, secrets)
    const holdsSecret = pieces.some((piece) => typeof piece !== 'string')
    if (!holdsSecret && !value.includes('{{')) {
      sorted.open[name] = value
      if (!isShellName(name)) sorted.odd[name] = value
    } else if (isShellName(name)) sorted.closed[name] = value
    else throw unnameable(workload, name)
  }
  return sorted
}

/** The environment of a workload with the values of its secrets. MANIFEST_INVALID as {@link sortEnvironment}. */
export function wholeEnvironment(workload: Workload, secrets: StackDefinition['secrets']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(workload.env).map(([name, pieces]) => [name, textOf(workload, name, pieces, secrets)]),
  )
}

function textOf(
  { kind, name: owner }: Workload,
  name: string,
  pieces: SecretText,
  secrets: StackDefinition['secrets'],
): string {
  const value = pieces.map((piece) => (typeof piece === 'string' ? piece : secretOf(piece.secret, secrets))).join('')
  if (name !== '' && !/[=\0]/.test(name) && !value.includes('\0')) return value
  throw new AngeeError('MANIFEST_INVALID', `${kind}s.${owner} has an environment variable that no system can hold`, {
    hint: `Correct env.${JSON.stringify(name)}: a name has no = in it, and nothing holds a NUL.`,
    context: { [kind]: owner, variable: name },
  })
}

function secretOf(name: string, secrets: StackDefinition['secrets']): string {
  const secret = secrets.get(name)
  if (secret !== undefined) return secret.value
  throw new AngeeError('MANIFEST_INVALID', `there is no secret ${name}`, {
    hint: `Declare it under secrets: in angee.yaml. There are: ${[...secrets.keys()].join(', ') || 'none'}.`,
    context: { secret: name },
  })
}

function unnameable({ kind, name: owner }: Workload, name: string): AngeeError {
  return new AngeeError(
    'MANIFEST_INVALID',
    `${kind}s.${owner}.env.${name} holds a secret, and a shell has no such name`,
    {
      hint: 'Name it with letters, digits and _ alone.',
      context: { [kind]: owner, variable: name },
    },
  )
}
