import { exitCodes } from '@angee/core/errors'
import type { Command } from 'commander'
import { knownBackends } from '../completion/backends.ts'
import { candidates } from '../completion/candidates.ts'
import { knownSnapshots } from '../completion/snapshots.ts'
import { knownWorkspaces } from '../completion/workspaces.ts'
import { writeOut } from '../output/streams.ts'

/**
 * Answers a shell that asks how to go on: `words` are those after `angee`, the last one unfinished. Prints one
 * candidate a line, a tab before its description; nothing where files are meant. Never fails.
 */
export async function complete(angee: Command, words: readonly string[]): Promise<number> {
  const lookup = { snapshots: knownSnapshots, backends: knownBackends, workspaces: knownWorkspaces }
  const found = await candidates(angee, words, lookup)
  const beginning = words.at(-1) ?? ''
  const fitting = found.filter(({ word }) => word.startsWith(beginning))
  writeOut(fitting.map(({ word, about }) => `${word}\t${about}\n`).join(''))
  return exitCodes.done
}
