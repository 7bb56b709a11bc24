import type { Playground } from './playground.ts'

/** One story to tell. */
export interface Demo {
  title: string
  /** Tells it; gives what was compared and found the same. Throws when anything is not. */
  run(playground: Playground): Promise<string>
}
