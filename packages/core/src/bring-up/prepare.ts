import { join } from 'node:path'
import type { Context, PreparedDefinition, RuntimeKind } from '../contract/index.ts'
import type { BringUpPlan } from '../definition/index.ts'
import { AngeeError } from '../errors/index.ts'
import type { Stack } from '../stack/index.ts'

export type Prepared = ReadonlyMap<RuntimeKind, PreparedDefinition>

/** Makes the directories of the stack that are missing, and has every runtime write its engine's own file. */
export async function prepareStack(stack: Stack, plan: BringUpPlan, ctx: Context): Promise<Prepared> {
  await makePersistDirectories(stack)
  const prepared = new Map<RuntimeKind, PreparedDefinition>()
  for (const kind of stack.runtimes.kinds) {
    const runtime = await stack.runtimes.get(kind)
    const outcome = await runtime.prepare(plan.definition, ctx)
    prepared.set(kind, outcome)
    if (outcome.outcome !== 'by-hand') await requireMounts(stack, plan, kind)
  }
  return prepared
}

async function makePersistDirectories({ manifest, place, files }: Stack): Promise<void> {
  for (const { subpath } of manifest.persist) await files.makeDirectory(join(place.base, subpath), 0o755)
}

/** An engine would make an empty directory, owned by root, in place of what is missing, and start without it. */
async function requireMounts({ files, place, manifest }: Stack, plan: BringUpPlan, kind: RuntimeKind): Promise<void> {
  const persist = manifest.persist.map(({ subpath }) => join(place.base, subpath))
  for (const { kind: word, name, runtime, mounts } of [...plan.definition.services, ...plan.definition.jobs]) {
    if (runtime !== kind) continue
    for (const { type, source } of mounts) {
      if (type !== 'bind' || (await files.facts(source)) !== undefined) continue
      if (persist.some((directory) => source.startsWith(`${directory}/`))) await files.makeDirectory(source, 0o755)
      else throw missing(`${word}s.${name}`, source)
    }
  }
}

function missing(where: string, source: string): AngeeError {
  return new AngeeError('MANIFEST_INVALID', `${where} mounts ${source}, which does not exist`, {
    hint: 'Make it, correct the path, or declare it under persist: if it holds data.',
    context: { path: source },
  })
}
