import { join } from 'node:path'
import type { Context } from '../contract/index.ts'
import { AngeeError, isAngeeError } from '../errors/index.ts'
import { isOrphaned, lockHolder, lockStack } from '../lock/index.ts'
import type { Stack } from '../stack/index.ts'
import { drillManifest } from './manifest.ts'

/** Where the throw-away stack of one drill lies. Absolute paths. */
export interface DrillRoot {
  /** Removed when the drill is over. */
  directory: string
  /** What its persist directories start from. */
  base: string
  /** The directory of its manifest. */
  root: string
}

/** All drills of a stack lie here, out of reach of its snapshots. */
export function drillsOf({ place }: Pick<Stack, 'place'>): string {
  return join(place.root, 'run', 'drills')
}

export function drillRoot(stack: Pick<Stack, 'place'>, id: string): DrillRoot {
  const directory = join(drillsOf(stack), id.toLowerCase())
  const base = join(directory, 'stack')
  // A stack in `.angee` has its persist directories beside it, and so has its copy.
  return { directory, base, root: stack.place.root === stack.place.base ? base : join(base, '.angee') }
}

/** Writes the copy: its manifest, the engines' files that a person wrote, and the secrets, readable by their owner alone. */
export async function writeDrill(
  stack: Stack,
  at: DrillRoot,
  freePorts: readonly number[],
  ctx: Context,
): Promise<void> {
  const { place, files, manifest, runtimes } = stack
  await files.makeDirectory(at.root)
  const text = (await files.read(place.manifestFile))?.toString() ?? ''
  const persist = manifest.persist.map(({ subpath }) => join(place.base, subpath))
  const options: Record<string, Record<string, unknown>> = {}
  for (const kind of runtimes.kinds) {
    const runtime = await runtimes.get(kind)
    const project = `angee-drill-${at.directory.split('/').at(-1)}`
    const to = { base: { from: place.base, to: at.base }, persist, stackRoot: at.root, project }
    const own = await runtime.copyDefinition?.(to, ctx)
    if (own !== undefined) options[runtime.type] = own
  }
  const ports = [...freePorts]
  const made = drillManifest(text, {
    stackRoot: place.root,
    persist,
    runtimes: options,
    freePort: () => {
      const port = ports.pop()
      if (port === undefined) throw new AngeeError('DRILL_FAILED', 'there are more ports in the manifest than are free')
      return port
    },
  })
  await files.writeDurably(join(at.root, 'angee.yaml'), Buffer.from(made))
  const secrets = await files.read(join(place.root, manifest.secretsFile)).catch(() => undefined)
  if (secrets) await files.writeDurably(join(at.root, manifest.secretsFile), secrets)
}

/**
 * Ends and removes what drills whose process died have left. `end` gets the root of each. What such a process had started
 * and is at work still would make again what is removed: it is ended first.
 */
export async function sweepDrills(stack: Stack, end: (at: DrillRoot) => Promise<void>, ctx: Context): Promise<void> {
  for (const name of await stack.files.names(drillsOf(stack))) {
    const at = drillRoot(stack, name.toString())
    const holder = lockHolder(stateDirectoryOf(at))
    if (holder !== undefined && !isOrphaned(holder)) continue
    ctx.onProgress({ type: 'note', message: `removing what an interrupted drill left: ${at.directory}` })
    try {
      const operation = { operation: 'drill', id: name.toString() }
      using _lock = await lockStack(stateDirectoryOf(at), operation, stack.files, ctx.clock)
      await end(at)
    } catch (error) {
      if (!isAngeeError(error, 'LOCKED')) throw error
      // Somebody else removes it, or what holds it does not end: the next drill looks again.
      ctx.logger.warn('what an interrupted drill left cannot be removed yet', { directory: at.directory })
    }
  }
}

/** Where the copy keeps its lock and its journals. */
export function stateDirectoryOf({ root }: DrillRoot): string {
  return join(root, 'run', 'backup')
}
