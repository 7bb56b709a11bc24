import { backupLs } from './commands/backup-ls.ts'
import { listingOptions } from './listing.ts'
import { errorDocument, exitCodeOf, formatError } from './output/error.ts'
import { type GlobalOptions, surfaceFor } from './surface.ts'

/**
 * Runs one command line and returns its exit code. Never rejects: what went wrong has then been said on stderr, and
 * with `-o json` on stdout too.
 */
export async function run(argv: readonly string[]): Promise<number> {
  let options = listingOptions(argv)
  try {
    if (options) return await backupLs(surfaceFor(options))
    const { runParsed } = await import('./parsed.ts')
    return await runParsed(argv, (parsed) => {
      options = parsed
    })
  } catch (error) {
    report(error, options ?? {})
    return exitCodeOf(error)
  }
}

function report(error: unknown, options: GlobalOptions): void {
  const surface = surfaceFor(options)
  if (surface.format === 'json') surface.out(`${JSON.stringify(errorDocument(error))}\n`)
  if (surface.format === 'json' && process.stdout.isTTY) return
  surface.err(formatError(error, surface.style.err, surface.debug))
}
