import type { Dependency, RuntimeKind, StackDefinition, Workload } from '@angee/core'
import type { RuntimeCall } from './call.ts'

/** What the fake runtimes of one stack share: the order of calls, and who depends on whom across them. */
export interface FakeWorld {
  /** Calls in the order they were made, of all fakes of this world. */
  readonly calls: RuntimeCall[]
  /** What was started before something it depends on, e.g. `web before db was healthy`. Empty: the order was right. */
  readonly early: string[]
  /** Jobs that have ended with 0. */
  readonly completed: Set<string>
  /** For each kind that a fake of this world serves: whether one of its services meets a condition now. */
  readonly meets: Map<RuntimeKind, (dependency: Dependency) => boolean>
}

/** A world for several fake runtimes; one that is given none has a world of its own. */
export function fakeWorld(): FakeWorld {
  return { calls: [], early: [], completed: new Set(), meets: new Map() }
}

/** Notes every dependency of a workload that is not met. One that no fake of this world serves is not looked at. */
export function noteEarly(world: FakeWorld, workload: Workload, { services, jobs }: StackDefinition): void {
  for (const dependency of workload.dependsOn) {
    const target = [...services, ...jobs].find(({ name }) => name === dependency.name)
    const meets = target && world.meets.get(target.runtime)
    if (target === undefined || meets === undefined) continue
    const met = target.kind === 'job' ? world.completed.has(target.name) : meets(dependency)
    if (!met) world.early.push(`${workload.name} before ${dependency.name} was ${dependency.condition}`)
  }
}
