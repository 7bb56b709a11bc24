import { join } from 'node:path'
import { AngeeError } from '../errors/index.ts'
import type { TreePart } from '../scope/index.ts'
import type { Stack } from './stack.ts'

/** The absolute path of a tree part's directory, symbolic links resolved, or undefined when it does not exist. */
export async function liveDirectory(
  stack: Pick<Stack, 'place' | 'files'>,
  part: TreePart,
): Promise<string | undefined> {
  const declared = join(stack.place.base, part.path)
  if ((await stack.files.facts(declared)) === undefined) {
    await refuseEscapingParent(stack, part, declared)
    return undefined
  }
  const real = await stack.files.realpath(declared).catch((cause: unknown) => {
    throw new AngeeError('PERSIST_MISSING', `persist.${part.name}: ${declared} is a symbolic link to nothing`, {
      hint: 'Make the directory it points to, or replace the link.',
      cause,
    })
  })
  refuseOutside(stack.place.base, part, declared, real)
  if ((await stack.files.facts(real))?.kind === 'directory') return real
  throw new AngeeError('PERSIST_MISSING', `persist.${part.name}: ${declared} is not a directory`, {
    hint: 'A persist entry is a directory. Declare the directory that holds this file.',
  })
}

async function refuseEscapingParent(
  stack: Pick<Stack, 'place' | 'files'>,
  part: TreePart,
  declared: string,
): Promise<void> {
  for (let parent = join(declared, '..'); parent.length >= stack.place.base.length; parent = join(parent, '..')) {
    if ((await stack.files.facts(parent)) === undefined) continue
    refuseOutside(stack.place.base, part, declared, await stack.files.realpath(parent))
    return
  }
}

function refuseOutside(base: string, part: TreePart, declared: string, real: string): void {
  if (real === base || real.startsWith(`${base}/`)) return
  throw new AngeeError('SCOPE_ESCAPES_ROOT', `persist.${part.name}: ${declared} leads to ${real}, outside the stack`, {
    hint: 'Move the data below the stack, or mount it there instead of linking.',
    context: { persist: part.name, declared, real },
  })
}
