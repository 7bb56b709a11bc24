import type { HookCommand, Runtime, RuntimeKind, ServiceStatus } from '@angee/core'
import type { RuntimeCall } from './call.ts'
import type { FakeProgram } from './program.ts'
import type { FakeWorld } from './world.ts'

/** What a service of a fake runtime is and does. */
export interface FakeService {
  /** `running` unless told. Of services that only a prepared definition names, `absent`. */
  state?: ServiceStatus['state']
  /** `none` unless told, or `healthy` where a definition has a probe. After each start a declared check first says `starting`. */
  health?: 'healthy' | 'unhealthy' | 'none'
  /** Set: ends by itself with this exit code as soon as it was started. */
  endsWith?: number
  /** By the command's string, or a list's words joined with spaces; or a function of the command. */
  commands?: FakePrograms
  env?: Readonly<Record<string, string>>
  user?: string
  workdir?: string
}

export type FakePrograms =
  | Readonly<Record<string, FakeProgram>>
  | ((command: HookCommand, name: string) => FakeProgram | undefined)

export interface FakeRuntimeOptions {
  /** The registered type it claims to be; `fake` unless told. */
  type?: string
  /** The services of a definition that are its own; `container` unless told. */
  serves?: RuntimeKind
  services?: Readonly<Record<string, FakeService>>
  /** For services that have none of their own. */
  commands?: FakePrograms
  /** By the job's name, or a function of its command. A job of the definition without a program ends with 0. */
  jobs?: FakePrograms
  /** Shared with other fakes of the same stack: the order of calls, and dependencies across them. */
  world?: FakeWorld
  /**
   * Called before each call takes effect, for each service; what it throws is what the call rejects with. A promise
   * holds the call up, until the call's signal aborts. To fail a job by itself, give it a program that ends with 1.
   */
  fault?: (call: RuntimeCall) => void | Promise<void>
}

/** A runtime without an engine: services are states, commands and jobs are functions. */
export interface FakeRuntime extends Required<Runtime> {
  readonly calls: readonly RuntimeCall[]
  /** What was started before something it depends on was as it should; see {@link FakeWorld}. */
  readonly early: readonly string[]
  /** The state of a service now. */
  state(service: string): ServiceStatus['state']
  /** How often a service was created or made anew by `up`. */
  made(service: string): number
  /** How often a service was started, by `up`, `start` or being made anew. */
  starts(service: string): number
  /** What is being executed now: commands in services, and jobs under their own names. */
  running(): readonly { service: string; command: HookCommand }[]
}
