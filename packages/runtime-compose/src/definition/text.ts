import { AngeeError, type SecretText, type StackDefinition } from '@angee/core'
import { isClientName } from '../engine/client-names.ts'

/** A text as it has to stand in a Compose file so that it arrives as it is. */
export function literal(text: string): string {
  return text.replaceAll('$', '$$$$')
}

/**
 * A text with its secrets as variables, which Compose takes from its own environment and refuses to do without: a service
 * that is given an empty password by mistake is worse than one that does not start.
 */
export function withVariables(text: SecretText, { secrets }: StackDefinition, where: string): string {
  return text
    .map((piece) => {
      if (typeof piece === 'string') return literal(piece)
      const secret = secrets.get(piece.secret)
      if (secret === undefined) throw unknownSecret(piece.secret, where)
      return `\${${clientVariable(secret.variable)}?is a secret, see the top of this file}`
    })
    .join('')
}

/** The variable that carries a secret in the client's environment: never one that the client itself obeys. */
export function clientVariable(variable: string): string {
  return isClientName(variable) ? `ANGEE_SECRET_${variable}` : variable
}

function unknownSecret(name: string, where: string): AngeeError {
  return new AngeeError('MANIFEST_INVALID', `${where} needs the secret ${name}, which the stack does not have`, {
    hint: `Declare ${name} under secrets:, or add it to the secrets file.`,
    context: { secret: name },
  })
}
