import type { HookCommand, RuntimeKind } from './runtime.ts'

/*
 * What a runtime needs to know to bring up the services of a stack: the manifest with everything resolved that can be
 * resolved on this machine. Secrets stay apart, by name, so that each runtime decides how they reach a process.
 */

/** A text in which secrets stand by name: the pieces of it in their order. */
export type SecretText = readonly (string | { readonly secret: string })[]

/** A service, or a job: something that runs to its end. */
export interface Workload {
  readonly name: string
  readonly kind: 'service' | 'job'
  readonly runtime: RuntimeKind
  readonly image?: string
  /** How the image is made, in the words of Compose; relative paths in it are absolute already. */
  readonly build?: Readonly<Record<string, unknown>>
  /** A string runs in a shell, a list is argv. Absent: what the image runs. Never holds a secret. */
  readonly command?: HookCommand
  readonly env: Readonly<Record<string, SecretText>>
  readonly ports: readonly PublishedPort[]
  readonly mounts: readonly Mount[]
  /** Of a container a path inside it; of a local one an absolute path of this machine. */
  readonly workdir?: string
  readonly user?: string
  /** What the engine does when a service ends: `no` when absent. */
  readonly restart?: 'no' | 'always' | 'on-failure' | 'unless-stopped'
  readonly dependsOn: readonly Dependency[]
  readonly ready?: ReadyProbe
  /** Keys for the engine's own definition of it, put there as they are, over what is made of the rest. */
  readonly engine: Readonly<Record<string, unknown>>
}

export interface Dependency {
  readonly name: string
  /** `completed`: a job that ended with 0. `healthy`: a service with a probe. */
  readonly condition: 'started' | 'healthy' | 'completed'
}

export interface PublishedPort {
  /** The address on this machine; all of them when absent. */
  readonly address?: string
  /** The port on this machine; one that is free when absent. */
  readonly host?: number
  readonly container: number
  readonly protocol: 'tcp' | 'udp'
}

export interface Mount {
  /** `bind`: an absolute path of this machine. `volume`: a volume of this stack. */
  readonly type: 'bind' | 'volume'
  readonly source: string
  /** Absolute path inside. */
  readonly target: string
  readonly readOnly: boolean
}

export type ReadyProbe = ReadyCheck & {
  /** Milliseconds, all of them. */
  readonly interval: number
  readonly timeout: number
  readonly retries: number
  readonly startPeriod: number
}

export type ReadyCheck =
  | { readonly http: { readonly port: number; readonly path: string } }
  | { readonly tcp: { readonly port: number } }
  | { readonly cmd: HookCommand }
  | { readonly file: string }

/** A secret with its value, and the environment variable that carries it. */
export interface StackSecret {
  readonly variable: string
  readonly value: string
}

/** A stack as it is to be brought up. */
export interface StackDefinition {
  readonly name: string
  /** Letters, digits and `-`; no other stack on this machine has it. */
  readonly project: string
  /** Absolute path of the directory that holds the manifest. */
  readonly stackRoot: string
  readonly services: readonly Workload[]
  readonly jobs: readonly Workload[]
  /** Volumes that mounts name, with what the manifest says of them in the engine's words. */
  readonly volumes: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /** By the names that {@link SecretText} uses. */
  readonly secrets: ReadonlyMap<string, StackSecret>
}

/** What {@link Runtime.prepare} did. */
export interface PreparedDefinition {
  /** The engine's own file. */
  file: string
  /** `kept`: it says already what it should. `by-hand`: a person wrote it, and it is used as it is. */
  outcome: 'written' | 'kept' | 'by-hand'
}
