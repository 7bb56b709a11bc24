import { createInterface } from 'node:readline/promises'
import { AngeeError } from '@angee/core/errors'
import type { Surface } from './surface.ts'

/**
 * Asks a person to agree before something is replaced or removed; anything but yes is no. `--yes` agrees beforehand.
 * CONFIRMATION_REQUIRED when nobody can be asked.
 */
export async function confirmed(surface: Surface, question: string, signal: AbortSignal): Promise<boolean> {
  if (surface.yes) return true
  requireSomeoneToAsk(surface, question)
  const dialogue = createInterface({ input: process.stdin, output: process.stderr })
  // In a dialogue Ctrl-C arrives as a key, Ctrl-D as the end of input.
  dialogue.on('SIGINT', () => process.emit('SIGINT', 'SIGINT'))
  const closed = new Promise<string>((resolve) => dialogue.once('close', () => resolve('')))
  try {
    const answer = await Promise.race([dialogue.question(`${question} [y/N] `, { signal }), closed])
    return /^(y|yes)$/i.test(answer.trim())
  } finally {
    dialogue.close()
  }
}

/** CONFIRMATION_REQUIRED when the user has not agreed beforehand and nobody can be asked. */
export function requireSomeoneToAsk(surface: Surface, question: string): void {
  if (surface.yes || surface.interactive) return
  throw new AngeeError('CONFIRMATION_REQUIRED', `"${question}" needs an answer, and there is no terminal to ask on`, {
    hint: 'Agree beforehand with --yes.',
  })
}

/** What a command that was not agreed to ends with. */
export function declined(): AngeeError {
  return new AngeeError('CONFIRMATION_REQUIRED', 'not confirmed; nothing was changed', {
    hint: 'Answer "y" to go on, or give --yes.',
  })
}
