import type { RestoreResult, Unfinished } from '@angee/core'
import { commandLine, type Surface } from '../surface.ts'
import { describeSnapshot } from './describe.ts'
import { counted } from './format.ts'

/** What a finished restore has done. */
export interface RestoredFacts {
  snapshot: { id: string; name?: string; createdAt: string }
  safety: string | null
  replaced: string[]
  emptied: string[]
  kept: { part: string; reason: string }[]
}

export function restoredFacts({ plan, safety }: RestoreResult): RestoredFacts {
  const emptied = plan.trees.filter(({ stored }) => stored === undefined).map(({ part }) => part.id)
  const touched = [...plan.trees, ...plan.streams].map(({ part }) => part.id)
  return {
    snapshot: plan.manifest,
    safety: safety?.id ?? null,
    replaced: touched.filter((part) => !emptied.includes(part)),
    emptied,
    kept: plan.kept,
  }
}

/** The same for a person. `took` is its duration. */
export function tellRestored(facts: RestoredFacts, undo: boolean, took: string, { style }: Surface): string {
  const { snapshot, safety, replaced, emptied, kept } = facts
  const head = undo ? 'Undone: the stack is back at' : 'Restored'
  const counts = [
    `${counted(replaced.length, 'part')} replaced`,
    ...(emptied.length > 0 ? [`${emptied.length} emptied`] : []),
    ...(kept.length > 0 ? [`${kept.length} kept`] : []),
    took,
  ]
  const saved = safety === null ? '' : `What was there before: safety snapshot ${safety}\n`
  return `${style.out.good(head)} ${describeSnapshot(snapshot, Date.now())}: ${counts.join(', ')}\n${saved}`
}

/** Says what was finished or undone of operations whose process had died. */
export function tellRecovered(surface: Surface, recovered: readonly Unfinished[], undo: boolean): void {
  for (const { type, snapshot } of recovered) {
    const what =
      type === 'restore'
        ? `an interrupted restore of ${snapshot} was dealt with`
        : `an interrupted backup ${snapshot} was cleaned up`
    surface.note(`${what}\n`)
  }
  if (undo && recovered.some(({ type }) => type === 'restore')) {
    surface.note(
      `The stack is as it was before that restore. To go back one more: ${commandLine(surface, 'stack restore --undo')}\n`,
    )
  }
}
