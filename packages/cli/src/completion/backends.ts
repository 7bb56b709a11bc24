import { locateStack } from '@angee/core/listing'
import { plainText } from '../output/style.ts'
import type { Candidate } from './snapshots.ts'

/** The backends of the stack at `root` (or here, or above) that snapshots can be copied to. Nothing where there is no stack. */
export async function knownBackends(root: string | undefined): Promise<Candidate[]> {
  try {
    // The manifest's parser costs more than all else a completion does, and only this one needs it.
    const { defaultBackend, nodeFiles, readManifest } = await import('@angee/core')
    const { backend, backends } = await readManifest(locateStack(root, process.cwd()), nodeFiles)
    const all = Object.entries({ [defaultBackend]: backend, ...backends })
    return all.map(([name, { type }]) => ({ word: name, about: plainText(type) }))
  } catch {
    // A completion has nowhere to say what is wrong; the command itself will.
    return []
  }
}
