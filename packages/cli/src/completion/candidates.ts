import type { Command, Option } from 'commander'
import type { Candidate, KnownSnapshots } from './snapshots.ts'

/** What the stack at a root knows. */
export interface Lookup {
  snapshots(root: string | undefined): Promise<KnownSnapshots>
  backends(root: string | undefined): Promise<Candidate[]>
  workspaces(root: string | undefined): Promise<Candidate[]>
}

/**
 * What can stand in place of the last of `words` (those after `angee`): commands, options, values of an option,
 * snapshots or workspaces. Walks the same tree of commands that parses a command line, so it cannot fall behind it.
 */
export async function candidates(angee: Command, words: readonly string[], lookup: Lookup): Promise<Candidate[]> {
  const typed = words.slice(0, -1)
  const current = words.at(-1) ?? ''
  const { command, pending, root, operands } = walk(angee, typed)
  if (pending) return valuesOf(pending, root, lookup)
  if (current.startsWith('-')) return optionsOf(command, angee)
  const subcommands =
    operands > 0 ? [] : visible(command).map((one) => ({ word: one.name(), about: one.description() }))
  return [...subcommands, ...(await argumentsOf(command, operands, root, lookup))]
}

interface Place {
  command: Command
  /** The option that waits for its value. */
  pending: Option | undefined
  root: string | undefined
  operands: number
}

function walk(angee: Command, typed: readonly string[]): Place {
  const place: Place = { command: angee, pending: undefined, root: undefined, operands: 0 }
  for (const word of typed) {
    if (place.pending) {
      if (place.pending.long === '--root') place.root = word
      place.pending = undefined
    } else if (word.startsWith('-')) {
      const option = [...place.command.options, ...angee.options].find(
        ({ long, short }) => long === word || short === word,
      )
      if (option?.required) place.pending = option
    } else {
      const next = place.operands > 0 ? undefined : place.command.commands.find((one) => one.name() === word)
      if (next) place.command = next
      else place.operands++
    }
  }
  return place
}

async function valuesOf(option: Option, root: string | undefined, lookup: Lookup): Promise<Candidate[]> {
  if (option.argChoices) return option.argChoices.map((word) => ({ word, about: '' }))
  if (option.long === '--to' || option.long === '--from') return lookup.backends(root)
  if (option.long === '--restore') return (await lookup.snapshots(root)).references
  return option.long === '--only' ? (await lookup.snapshots(root)).parts : []
}

function optionsOf(command: Command, angee: Command): Candidate[] {
  const options = [...command.options, ...(command === angee ? [] : angee.options)].filter(({ hidden }) => !hidden)
  const listed = options.flatMap(({ long, description }) => (long ? [{ word: long, about: description }] : []))
  return [...listed, { word: '--help', about: 'print help' }]
}

async function argumentsOf(
  command: Command,
  operands: number,
  root: string | undefined,
  lookup: Lookup,
): Promise<Candidate[]> {
  const { registeredArguments } = command
  const last = registeredArguments.at(-1)
  const argument = registeredArguments[operands] ?? (last?.variadic ? last : undefined)
  if (!argument) return []
  if (argument.argChoices) return argument.argChoices.map((word) => ({ word, about: '' }))
  if (argument.name() === 'workspaces') return lookup.workspaces(root)
  return /^snapshots?$/.test(argument.name()) ? (await lookup.snapshots(root)).references : []
}

function visible(command: Command): Command[] {
  return command.createHelp().visibleCommands(command)
}
