import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { locateStack } from '@angee/core/listing'
import { plainText } from '../output/style.ts'
import type { Candidate } from './snapshots.ts'

/** The workspaces of the stack at `root` (or here, or above). Nothing where there is no stack, or none. */
export async function knownWorkspaces(root: string | undefined): Promise<Candidate[]> {
  try {
    const { root: directory } = locateStack(root, process.cwd())
    const text = readFileSync(join(directory, 'run', 'workspaces', 'workspaces.json'), 'utf8')
    const { workspaces } = JSON.parse(text) as { workspaces: Record<string, { template: string }> }
    return Object.entries(workspaces).map(([name, { template }]) => ({
      word: plainText(name),
      about: plainText(template),
    }))
  } catch {
    // A completion has nowhere to say what is wrong; the command itself will.
    return []
  }
}
