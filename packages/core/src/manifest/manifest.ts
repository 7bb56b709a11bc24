import type { HookCommand, RuntimeKind } from '../contract/index.ts'
import type { RetentionPolicy } from '../retention/policy.ts'
import { toPolicy } from '../retention/schema.ts'
import { type Schedules, scheduledKinds } from '../schedule/schema.ts'
import type { Webhook } from '../webhooks/schema.ts'
import { milliseconds } from './duration.ts'
import type { HookDeclaration, ManifestDocument } from './schema.ts'

/** `angee.yaml` as the rest of core reads it. */
export interface Manifest {
  name: string | undefined
  backend: DeclaredBackend
  /** Further places for copies, by name. */
  backends: Readonly<Record<string, DeclaredBackend>>
  plugins: readonly string[]
  /** An IANA name. */
  timezone: string
  /** Which snapshots a prune keeps. Without a rule: all. */
  retention: RetentionPolicy
  /** What the operator does at which times. */
  schedules: Schedules
  /** Who is told of what the operator does. */
  webhooks: readonly Webhook[]
  runtimeOptions: Readonly<Record<string, Record<string, unknown>>>
  /** Relative to the stack root. */
  secretsFile: string
  persist: readonly PersistEntry[]
  services: readonly Service[]
  /** `runtime`: undefined for a restore job, which no engine runs. */
  jobs: readonly { name: string; runtime: RuntimeKind | undefined }[]
}

export interface DeclaredBackend {
  type: string
  options: Record<string, unknown>
}

export interface PersistEntry {
  name: string
  /** As written; scope resolution normalises it. */
  subpath: string
}

export interface Service {
  name: string
  runtime: RuntimeKind
  hook: Hook | undefined
}

export interface Hook {
  dump: HookCommand
  restore: HookCommand
  before: HookCommand | undefined
  after: HookCommand | undefined
  /** Runs after a restore job has loaded the service. */
  seed: HookCommand | undefined
  /** Runs in a drill. */
  check: HookCommand | undefined
  covers: readonly string[]
  quiesce: 'none' | 'pause' | 'stop'
  /** Milliseconds one command may take. */
  timeout: number
  user: string | undefined
  env: Readonly<Record<string, string>>
  workdir: string | undefined
  allowEmpty: boolean
}

const defaultSecretsFile = '.env'

/** The checked document in the words of the code. */
export function toManifest(document: ManifestDocument): Manifest {
  const further = Object.entries(document.backup?.backends ?? {})
  return {
    name: document.name,
    backend: toBackend(document.backup_backend),
    backends: Object.fromEntries(further.map(([name, declared]) => [name, toBackend(declared)])),
    plugins: document.backup?.plugins ?? [],
    timezone: document.backup?.timezone ?? 'UTC',
    retention: toPolicy(document.backup?.retention ?? {}),
    schedules: toSchedules(document.backup?.schedule),
    webhooks: document.backup?.webhooks ?? [],
    runtimeOptions: document.runtimes,
    secretsFile: document.secrets_backend?.path ?? defaultSecretsFile,
    persist: Object.entries(document.persist).map(([name, { subpath }]) => ({ name, subpath })),
    services: Object.entries(document.services).map(([name, { runtime, backup }]) => ({
      name,
      runtime,
      hook: backup && toHook(backup),
    })),
    jobs: Object.entries(document.jobs).map(([name, { runtime, ...job }]) => ({
      name,
      runtime: 'restore' in job ? undefined : runtime,
    })),
  }
}

function toSchedules(declared: NonNullable<ManifestDocument['backup']>['schedule']): Schedules {
  const given: Partial<Record<string, string>> = declared ?? {}
  return {
    cron: Object.fromEntries(
      scheduledKinds.flatMap((kind) => (given[kind] === undefined ? [] : [[kind, given[kind]]])),
    ),
    jitter: milliseconds(given['jitter'] ?? '0s'),
    verifyWithin: milliseconds(given['verify_within'] ?? '30d'),
  }
}

function toBackend({ type, ...options }: ManifestDocument['backup_backend']): DeclaredBackend {
  return { type, options }
}

function toHook(declared: HookDeclaration): Hook {
  return {
    dump: declared.dump,
    restore: declared.restore,
    before: declared.before,
    after: declared.after,
    seed: declared.seed,
    check: declared.check,
    covers: declared.covers,
    quiesce: declared.quiesce,
    timeout: milliseconds(declared.timeout),
    user: declared.user,
    env: declared.env,
    workdir: declared.workdir,
    allowEmpty: declared.allow_empty,
  }
}
