import { AngeeError, copySnapshot, defaultBackend, exitCodes } from '@angee/core'
import { placeOf, printCopied } from '../output/copied.ts'
import { withStack } from '../session.ts'
import type { Surface } from '../surface.ts'

export interface CopyOptions {
  from?: string
  to?: string
  plain?: true
}

/** Copies a snapshot to another backend, or home from one. */
export async function backupCopy(surface: Surface, snapshot: string, options: CopyOptions): Promise<number> {
  const begun = performance.now()
  const whenInterrupted = 'a copy is there whole or not at all'
  return withStack(surface, { events: 'lines', whenInterrupted }, async ({ stack, ctx, progress }) => {
    if (options.to === undefined && options.from === undefined) throw whereTo(stack.backends.names)
    await using from = await stack.backends.open(options.from ?? defaultBackend, ctx)
    await using to = await stack.backends.open(options.to ?? defaultBackend, ctx)
    const result = await copySnapshot(stack, { snapshot, from, to, plain: options.plain === true }, ctx)
    progress.end('erase')
    const milliseconds = Math.round(performance.now() - begun)
    await printCopied(surface, {
      operation: 'copy',
      result,
      from: from.backend.location,
      to: placeOf(to),
      milliseconds,
    })
    return exitCodes.done
  })
}

/** What a copy without a direction ends with. `names` are those of the backends that are known. */
export function whereTo(names: readonly string[]): AngeeError {
  const further = names.filter((name) => name !== defaultBackend)
  const known = further.length === 0 ? '' : `There is: ${further.join(', ')}. `
  return new AngeeError('USAGE', 'where to? Give --to, or --from to bring a copy home', {
    hint: `${known}A backend has a name under backup.backends in angee.yaml; a directory does as well: --to ./directory`,
  })
}
