import { basename, dirname, join } from 'node:path'
import type { Files } from '../files/index.ts'
import { stagingName } from '../snapshot/preflight.ts'
import type { Stack } from '../stack/index.ts'
import { toBytePath } from './byte-path.ts'
import type { Attributes, BytePath, RestoreJournal } from './journal-entry.ts'
import { setAll } from './swap.ts'
import { toAttributes } from './swap-plan.ts'

/** How the live directories that staging is made in look before that: on another mount there is no other place. */
export async function attributesAround(files: Files, staging: readonly string[]): Promise<Attributes[]> {
  const around: Attributes[] = []
  for (const directory of holdersOf(staging).map((holder) => dirname(holder))) {
    const facts = await files.facts(directory)
    if (facts) around.push(toAttributes(toBytePath(directory), facts))
  }
  return around
}

/** Removes staging, and in live directories all trace of it: `wanted` is how they shall look. Safe to repeat. */
export async function removeStaging(
  stack: Stack,
  staging: readonly string[],
  wanted: readonly Attributes[],
): Promise<void> {
  for (const directory of staging) await stack.trees.remove(directory)
  const holders = holdersOf(staging)
  // One that is not empty holds what an abandoned restore had moved.
  for (const holder of holders) await stack.files.removeEmptyDirectory(holder).catch(() => undefined)
  const touched = new Set<BytePath>(holders.map((holder) => toBytePath(dirname(holder))))
  await setAll(
    stack.files,
    wanted.filter(({ path }) => touched.has(path)),
  )
}

/** Removes what undoing does not need: the disk may be full, and then not even the journal could be written. */
export async function makeRoom(stack: Stack, { phase, staging }: RestoreJournal): Promise<void> {
  const nothingMoved = phase === 'staging' || phase === 'safety' || phase === 'stopping'
  for (const directory of staging) {
    if (nothingMoved) await stack.trees.remove(directory)
    for (const name of await stack.files.names(directory)) {
      if (name.toString().startsWith('dump-')) await stack.files.removeFile(join(directory, name.toString()))
    }
  }
}

function holdersOf(staging: readonly string[]): string[] {
  return staging.map((directory) => dirname(directory)).filter((holder) => basename(holder) === stagingName)
}
