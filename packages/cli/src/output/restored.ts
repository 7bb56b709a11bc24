import type { RestoreResult, Unfinished } from '@angee/core'
import { commandLine, type Surface } from '../surface.ts'
import { describeSnapshot } from './describe.ts'
import { counted } from './format.ts'

/** What a finished restore has done, for a person. `took` is its duration. */
export function tellRestored({ plan, safety }: RestoreResult, undo: boolean, took: string, { style }: Surface): string {
  const replaced = plan.trees.length + plan.streams.length
  const emptied = plan.trees.filter(({ stored }) => stored === undefined).length
  const head = undo ? 'Undone: the stack is back at' : 'Restored'
  const facts = [
    `${counted(replaced - emptied, 'part')} replaced`,
    ...(emptied > 0 ? [`${emptied} emptied`] : []),
    ...(plan.kept.length > 0 ? [`${plan.kept.length} kept`] : []),
    took,
  ]
  const saved = safety === undefined ? '' : `What was there before: safety snapshot ${safety.id}\n`
  return `${style.out.good(head)} ${describeSnapshot(plan.manifest, Date.now())}: ${facts.join(', ')}\n${saved}`
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
