import { AngeeError, exitCodes } from '@angee/core/errors'
import { type Command, CommanderError } from 'commander'
import { buildProgram } from './program.ts'
import type { GlobalOptions } from './surface.ts'

/**
 * Parses the arguments and runs the command they choose. Returns its exit code. `onOptions` is given the global options
 * as soon as they are known, before anything can be wrong with the rest. USAGE for what cannot be understood, with the
 * nearest word that can.
 */
export async function runParsed(argv: readonly string[], onOptions: (options: GlobalOptions) => void): Promise<number> {
  let exitCode: number = exitCodes.failed
  const program = buildProgram((code) => {
    exitCode = code
  })
  onOptions(program.opts<GlobalOptions>())
  try {
    await program.parseAsync(argv, { from: 'user' })
    return exitCode
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return exitCodes.done
    if (error.code === 'commander.help') throw noCommand(program, argv)
    throw toUsageError(error, program, argv)
  }
}

/** `error: unknown option '--nmae'` and `(Did you mean --name?)` on a line of its own become message and hint. */
function toUsageError({ message }: CommanderError, program: Command, argv: readonly string[]): AngeeError {
  const [first = '', second = ''] = message.replace(/^error: /, '').split('\n')
  const suggestion = second.replace(/^\((.*)\)$/, '$1 ')
  return new AngeeError('USAGE', first, { hint: `${suggestion}See: ${helpFor(program, argv)}` })
}

function noCommand(program: Command, argv: readonly string[]): AngeeError {
  const { path, command } = chosen(program, argv)
  const names = command
    .createHelp()
    .visibleCommands(command)
    .map((one) => one.name())
  // What most people are here for.
  const usual = /^angee( stack)?$/.test(path) ? 'To take a snapshot: angee stack backup. ' : ''
  return new AngeeError('USAGE', `"${path}" needs a command: ${names.join(', ')}`, {
    hint: `${usual}All there is: ${path} --help`,
  })
}

function helpFor(program: Command, argv: readonly string[]): string {
  return `${chosen(program, argv).path} --help`
}

/** The innermost command that the arguments name. */
function chosen(program: Command, argv: readonly string[]): { command: Command; path: string } {
  let command = program
  let path = program.name()
  for (const word of argv.filter((one) => !one.startsWith('-'))) {
    const next = command.commands.find((one) => one.name() === word)
    if (!next) continue
    command = next
    path += ` ${word}`
  }
  return { command, path }
}
