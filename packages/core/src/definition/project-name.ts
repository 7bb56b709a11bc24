import { createHash } from 'node:crypto'
import { slug } from '../substitute/index.ts'

/**
 * What an engine knows a stack by: from its name, so that a person recognises it, and from the absolute path of its root,
 * so that no other stack on this machine has it. Letters, digits and `-`, at most 49 of them.
 */
export function projectName(name: string, stackRoot: string): string {
  const hash = createHash('sha256').update(stackRoot).digest('hex').slice(0, 8)
  return `${slug(name).slice(0, 40).replace(/-+$/, '') || 'stack'}-${hash}`
}
