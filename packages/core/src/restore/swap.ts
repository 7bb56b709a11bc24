import { AngeeError } from '../errors/index.ts'
import type { Files } from '../files/index.ts'
import { fromBytePath, parentOf } from './byte-path.ts'
import type { Attributes, BytePath, Move, Swap } from './journal-entry.ts'

/** Moves the old trees, and what stays, into staging. Safe to repeat after an interruption. */
export async function moveOut(files: Files, swap: Swap): Promise<void> {
  for (const parent of swap.parents) await files.makeDirectory(fromBytePath(parent), 0o755)
  for (const { from, to } of swap.out) {
    if ((await files.facts(fromBytePath(to))) === undefined) await rename(files, from, to)
  }
  await syncParents(files, swap.out)
}

/** Moves the new trees, and what stays, into place. Safe to repeat after an interruption. */
export async function moveIn(files: Files, swap: Swap): Promise<void> {
  for (const { from, to } of swap.in) {
    if ((await files.facts(fromBytePath(from))) !== undefined) await rename(files, from, to)
  }
  await setAll(files, swap.after)
  await syncParents(files, swap.in)
}

/** Takes back what {@link moveIn} did, wholly or in part. Safe to repeat. */
export async function undoMoveIn(files: Files, swap: Swap): Promise<void> {
  for (const { from, to } of swap.in.toReversed()) {
    if ((await files.facts(fromBytePath(from))) === undefined) await rename(files, to, from)
  }
  await syncParents(files, swap.in)
}

/** Takes back what {@link moveOut} did, wholly or in part. Safe to repeat. */
export async function undoMoveOut(files: Files, swap: Swap): Promise<void> {
  for (const { from, to } of swap.out.toReversed()) {
    if ((await files.facts(fromBytePath(to))) !== undefined) await rename(files, to, from)
  }
  await setAll(files, swap.before)
  await syncParents(files, swap.out)
  for (const parent of swap.parents.toReversed()) {
    // Something else may have come to live there meanwhile; then the directory stays.
    await files.removeEmptyDirectory(fromBytePath(parent)).catch(() => undefined)
  }
}

async function rename(files: Files, from: BytePath, to: BytePath): Promise<void> {
  if ((await files.facts(fromBytePath(from))) === undefined) {
    throw new AngeeError(
      'RESTORE_CONFLICT',
      `${shown(from)} and ${shown(to)} are both gone: something else has moved them`,
      {
        hint: 'Look where it went before anything else; the safety snapshot holds what was there.',
        context: { from: shown(from), to: shown(to) },
      },
    )
  }
  await files.makeDirectory(fromBytePath(parentOf(to)))
  await files.rename(fromBytePath(from), fromBytePath(to))
}

/** Gives each path its attributes; what is not there is left out. */
export async function setAll(files: Files, all: readonly Attributes[]): Promise<void> {
  for (const { path, mode, uid, gid, accessNs, modificationNs } of all) {
    if ((await files.facts(fromBytePath(path))) === undefined) continue
    const times = { accessNs: BigInt(accessNs), modificationNs: BigInt(modificationNs) }
    await files.setAttributes(fromBytePath(path), { mode, uid, gid, ...times })
  }
}

async function syncParents(files: Files, moves: readonly Move[]): Promise<void> {
  const parents = new Set(moves.flatMap(({ from, to }) => [parentOf(from), parentOf(to)]))
  for (const parent of parents) {
    if ((await files.facts(fromBytePath(parent))) !== undefined) await files.syncDirectory(fromBytePath(parent))
  }
}

function shown(path: BytePath): string {
  return fromBytePath(path).toString()
}
