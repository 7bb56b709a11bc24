import type { Readable, Writable } from 'node:stream'
import type { Context } from './context.ts'
import type { PreparedDefinition, StackDefinition } from './definition.ts'

/** `container` services run in the engine's own name spaces, `local` ones are processes of this machine. */
export type RuntimeKind = 'container' | 'local'

/** A string runs in a shell inside the service; a list is argv and no shell is involved. */
export type HookCommand = string | readonly string[]

/**
 * What runs the services of one stack. One instance serves one stack; calls may overlap for different services.
 * Every call MUST stop promptly when `ctx.signal` aborts and then reject with its reason.
 * Errors: RUNTIME_UNAVAILABLE (engine not there), RUNTIME_TOO_OLD, RUNTIME_FAILED (the engine said no; its words in
 * the message), SERVICE_NOT_RUNNING.
 */
export interface Runtime extends AsyncDisposable {
  /** The registered type, e.g. `compose`. */
  readonly type: string
  /** Reaches the engine and checks its version. RUNTIME_UNAVAILABLE, RUNTIME_TOO_OLD. */
  preflight(ctx: Context): Promise<{ engine: string; version: string }>
  /** One entry for each service the engine's own definition names, running or not. MUST NOT start or create anything. */
  status(ctx: Context): Promise<ServiceStatus[]>
  /**
   * Runs a command inside a service, with the service's own environment, user and working directory unless `options`
   * say otherwise.
   *
   * MUST resolve only when the process has ended AND all its output has been delivered to `io.stdout`; `io.stdout` is
   * then NOT ended: the caller ends it once it has judged the exit code. The exit code or signal is the process's own.
   * stdin is empty unless given. When the process ends before it has read all of stdin, the rest is discarded; that
   * is no error. An error of `io.stdin` or `io.stdout` ends the process and rejects with that error.
   *
   * On abort, the process inside MUST be ended (asked first, then killed) together with what it started, before the
   * call rejects. `stderrTail` holds at most the last 64 KiB, so that an endless stderr costs nothing.
   *
   * SERVICE_NOT_RUNNING when `status().canExec` is false.
   */
  exec(service: string, command: HookCommand, io: ExecStreams, options: ExecOptions, ctx: Context): Promise<ExecResult>
  /** Starts existing or not yet created services, without their dependencies being recreated. Idempotent. */
  start(services: readonly string[], ctx: Context): Promise<void>
  /** Resolves when they have really stopped. Stopping a stopped or absent service is no error. */
  stop(services: readonly string[], ctx: Context): Promise<void>
  /** Freezes a running service in place. Idempotent. */
  pause(services: readonly string[], ctx: Context): Promise<void>
  /** Undoes `pause`. Resuming a service that is not paused is no error. */
  resume(services: readonly string[], ctx: Context): Promise<void>
  /**
   * Resolves when every service is running and, where it declares a health check, healthy.
   * SERVICE_NOT_RUNNING at once when one has ended or is unhealthy for good; the caller bounds the wait by the signal.
   */
  waitHealthy(services: readonly string[], ctx: Context): Promise<void>
  /**
   * Writes the engine's own file for the services and jobs of the definition that this runtime serves. A file that angee
   * did not write MUST be left alone, and is what the engine then uses. Starts nothing. No secret's value may be in a
   * file that others can read, nor ever in a command line. MANIFEST_INVALID for what the engine cannot do.
   */
  prepare(definition: StackDefinition, ctx: Context): Promise<PreparedDefinition>
  /**
   * Brings services to what the prepared file says: creates what is missing, makes anew what differs, starts what is
   * stopped; what runs as it should is left alone. Only those named: their dependencies are the caller's, but in a file
   * that a person wrote, where only the engine knows them and MUST start them first. Starts a supervisor where one is
   * needed, which inherits no open file of this process: it would hold the stack's lock. Resolves when they have been started; `waitHealthy` tells the rest.
   */
  up(services: readonly string[], definition: StackDefinition, ctx: Context): Promise<void>
  /**
   * Stops and removes everything that the engine holds of this stack: its services, what jobs left, networks, the
   * supervisor; with `volumes` its volumes too. Nothing on disk is touched besides. Idempotent.
   */
  down(options: { volumes: boolean }, ctx: Context): Promise<void>
  /**
   * Runs a job of the definition to its end, without its dependencies. What it writes to stdout and stderr goes to
   * `output` as it comes. On abort it is ended with all it started, as in `exec`. Leaves nothing behind.
   */
  runJob(job: string, definition: StackDefinition, output: Writable | undefined, ctx: Context): Promise<ExecResult>
  /**
   * Optional, for engines whose file a person may have written: writes into another stack root a definition of the same
   * services that shares nothing with this stack that could be written: no published ports, no fixed names, volumes and
   * networks of its own. Directories of this stack that hold data, or that are mounted to be written, are at the same
   * place below the other; what is only read stays where it lies. Gives the options of this runtime for that stack;
   * undefined, and nothing is written, where no person wrote the file. RUNTIME_FAILED for what cannot be kept apart, for
   * example a mount from elsewhere that is writable.
   */
  copyDefinition?(to: DefinitionCopy, ctx: Context): Promise<Record<string, unknown> | undefined>
}

/** Where a throw-away copy of a stack goes. Absolute paths. */
export interface DefinitionCopy {
  /** What `persist:` subpaths of this stack start from, and of the other. */
  readonly base: { readonly from: string; readonly to: string }
  /** The persist directories of this stack: what lies there is restored into the other. */
  readonly persist: readonly string[]
  readonly stackRoot: string
  /** No other stack on this machine has it. */
  readonly project: string
}

export interface ServiceStatus {
  service: string
  /** `absent`: defined but never created, or created and removed. */
  state: 'running' | 'paused' | 'stopped' | 'absent'
  /** `none`: no health check is declared. */
  health: 'healthy' | 'unhealthy' | 'starting' | 'none'
  /** Whether `exec` can be called now. A runtime that spawns hooks itself may say true for a stopped service. */
  canExec: boolean
  /** Whether `start` can start it now. False where no supervisor runs, so that hooks are all there is. */
  canStart: boolean
}

export interface ExecStreams {
  stdin?: Readable
  stdout?: Writable
}

export interface ExecOptions {
  user?: string
  env?: Readonly<Record<string, string>>
  workdir?: string
}

export interface ExecResult {
  /** The exit code, or null when a signal ended it. */
  exitCode: number | null
  /** e.g. `SIGKILL`, or null. */
  signal: string | null
  /** The end of what it wrote to stderr, as text; not yet redacted. */
  stderrTail: string
}

/** What a runtime is opened with. */
export interface RuntimeOpening<Options> {
  options: Options
  /** Absolute path of the stack root, where the engine's own definition lies. */
  stackRoot: string
  /** The services of the manifest that this runtime runs. */
  services: readonly string[]
}
