import { existsSync, realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { AngeeError } from '../errors/index.ts'

/** Where a stack lies. All paths absolute, symbolic links resolved. */
export interface StackPlace {
  /** The directory that holds `angee.yaml`. */
  root: string
  /** Where `persist:` subpaths start: the root, or its parent when the root is named `.angee`. */
  base: string
  manifestFile: string
  /** Catalog, journal, locks and staging. */
  stateDirectory: string
}

/**
 * The stack at `directory`, or when that is undefined the nearest one from `from` upwards; a `.angee` directory counts
 * for its parent. STACK_NOT_FOUND.
 */
export function locateStack(directory: string | undefined, from: string): StackPlace {
  if (directory !== undefined) {
    const given = resolve(from, directory)
    const root = rootAt(given)
    if (root) return placeOf(root)
    throw new AngeeError('STACK_NOT_FOUND', `there is no angee.yaml in ${given}`, {
      hint: 'Give --root the directory that holds angee.yaml.',
      context: { root: given },
    })
  }
  for (let at = resolve(from); ; at = dirname(at)) {
    const root = rootAt(at)
    if (root) return placeOf(root)
    if (at === dirname(at)) break
  }
  throw new AngeeError('STACK_NOT_FOUND', `there is no angee.yaml in ${from} or above it`, {
    hint: 'Change to the stack, or name it with --root DIRECTORY.',
    context: { from },
  })
}

function rootAt(directory: string): string | undefined {
  return [directory, join(directory, '.angee')].find((candidate) => existsSync(join(candidate, 'angee.yaml')))
}

function placeOf(directory: string): StackPlace {
  const root = realpathSync(directory)
  return {
    root,
    base: basename(root) === '.angee' ? dirname(root) : root,
    manifestFile: join(root, 'angee.yaml'),
    stateDirectory: join(root, 'run', 'backup'),
  }
}
