import type { Context, Workload } from '../contract/index.ts'
import { type BringUpPlan, graphOf, readPlan, type SecretSources } from '../definition/index.ts'
import { AngeeError } from '../errors/index.ts'
import { didYouMean } from '../manifest/index.ts'
import { recoverInterrupted } from '../operations/recover.ts'
import type { Stack } from '../stack/index.ts'
import { type Prepared, prepareStack } from './prepare.ts'

/** A plan whose engines are ready for it. */
export interface PreparedPlan {
  plan: BringUpPlan
  prepared: Prepared
}

/** The first steps of whatever brings services up. The caller holds the stack's lock. */
export async function planStack(stack: Stack, sources: SecretSources, ctx: Context): Promise<PreparedPlan> {
  await recoverInterrupted(stack, ctx)
  const plan = await readPlan(stack, sources)
  const prepared = await prepareStack(stack, plan, ctx)
  return { plan: await withServicesByHand(stack, plan, prepared, ctx), prepared }
}

/** A file that a person wrote may have services of which the manifest says nothing. */
async function withServicesByHand(
  stack: Stack,
  plan: BringUpPlan,
  prepared: Prepared,
  ctx: Context,
): Promise<BringUpPlan> {
  const more: Workload[] = []
  for (const [kind, { outcome }] of prepared) {
    if (outcome !== 'by-hand') continue
    const runtime = await stack.runtimes.get(kind)
    for (const { service } of await runtime.status(ctx)) if (!plan.graph.has(service)) more.push(stub(service, kind))
  }
  if (more.length === 0) return plan
  const definition = { ...plan.definition, services: [...plan.definition.services, ...more] }
  return { ...plan, definition, graph: graphOf(definition) }
}

function stub(name: string, runtime: Workload['runtime']): Workload {
  return { name, kind: 'service', runtime, env: {}, ports: [], mounts: [], dependsOn: [], engine: {} }
}

/** The services that are meant, every one of them when none is named. USAGE for one that is not there. */
export function servicesMeant({ definition }: BringUpPlan, names: readonly string[] | undefined): string[] {
  const known = definition.services.map(({ name }) => name)
  const unknown = names?.find((name) => !known.includes(name))
  if (unknown === undefined) return [...(names ?? known)]
  const isJob = definition.jobs.some(({ name }) => name === unknown)
  throw new AngeeError('USAGE', isJob ? `"${unknown}" is a job` : `this stack has no service "${unknown}"`, {
    hint: isJob
      ? `Run it: angee job run ${unknown}`
      : `${didYouMean(unknown, known)}Services: ${known.join(', ') || 'none'}.`,
    context: { service: unknown },
  })
}
