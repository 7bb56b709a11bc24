import type { StackDefinition, Workload } from '../contract/index.ts'
import { AngeeError } from '../errors/index.ts'
import { didYouMean } from '../manifest/index.ts'

/** Services and jobs by name. A name is one or the other. */
export type Graph = ReadonlyMap<string, Workload>

/** The graph of `depends_on`. MANIFEST_INVALID for a name that is not there, for one that is both, and for a circle. */
export function graphOf({ services, jobs }: Pick<StackDefinition, 'services' | 'jobs'>): Graph {
  const graph = new Map<string, Workload>()
  for (const workload of [...services, ...jobs]) {
    if (graph.has(workload.name)) {
      throw new AngeeError('MANIFEST_INVALID', `"${workload.name}" is a service and a job`, {
        hint: 'Give one of the two another name.',
      })
    }
    graph.set(workload.name, workload)
  }
  for (const { kind, name, dependsOn } of graph.values()) {
    for (const { name: other } of dependsOn) {
      if (graph.has(other)) continue
      throw new AngeeError(
        'MANIFEST_INVALID',
        `${kind}s.${name} depends on "${other}", which is neither service nor job`,
        {
          hint: `${didYouMean(other, [...graph.keys()])}There are: ${[...graph.keys()].join(', ')}.`,
        },
      )
    }
  }
  levelsOf(graph, [...graph.keys()])
  return graph
}

/** What `names` depend on, with themselves. */
export function closureOf(graph: Graph, names: Iterable<string>): Set<string> {
  const found = new Set<string>()
  const waiting = [...names]
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (found.has(name)) continue
    found.add(name)
    waiting.push(...(graph.get(name)?.dependsOn.map((one) => one.name) ?? []))
  }
  return found
}

/** `names` in the order in which they can start: what is in one level depends only on levels before. Else as declared. */
export function levelsOf(graph: Graph, names: Iterable<string>): Workload[][] {
  const levels: Workload[][] = []
  const placed = new Set<string>()
  const wanted = new Set(names)
  let waiting = [...graph.values()].filter(({ name }) => wanted.has(name))
  while (waiting.length > 0) {
    const level = waiting.filter(({ dependsOn }) =>
      dependsOn.every(({ name }) => placed.has(name) || !wanted.has(name)),
    )
    if (level.length === 0) throw circle(waiting)
    for (const { name } of level) placed.add(name)
    levels.push(level)
    waiting = waiting.filter((one) => !level.includes(one))
  }
  return levels
}

/** Whether `name` depends on `other`, however far. */
export function dependsOn(graph: Graph, name: string, other: string): boolean {
  return name !== other && closureOf(graph, [name]).has(other)
}

function circle(waiting: readonly Workload[]): AngeeError {
  const names = new Map(waiting.map((one) => [one.name, one]))
  const way: string[] = []
  for (let at = waiting[0]; at !== undefined && !way.includes(at.name); ) {
    way.push(at.name)
    at = names.get(at.dependsOn.find(({ name }) => names.has(name))?.name ?? '')
  }
  return new AngeeError('MANIFEST_INVALID', `depends_on goes round in a circle: ${way.join(' -> ')} -> …`, {
    hint: 'Take one of these dependencies away.',
  })
}
