import { z } from 'zod'
import { retentionSchema, timezoneSchema } from '../retention/schema.ts'
import { scheduleSchema } from '../schedule/schema.ts'
import { webhookSchema } from '../webhooks/schema.ts'

/** Names become parts of ids and of file names, so they hold nothing that needs quoting anywhere. */
const partName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'use letters, digits, ".", "_" and "-" only')

export const commandSchema = z
  .union([z.string().min(1), z.array(z.string()).min(1)])
  .describe('A string runs in a shell inside the service; a list is argv and no shell is involved.')

const duration = z
  .string()
  .regex(/^\d+(ms|s|m|h|d)$/, 'write a number and a unit, for example "30s", "10m" or "1h"')
  .describe('A number and a unit: ms, s, m, h or d.')

export const hookSchema = z
  .strictObject({
    dump: commandSchema.describe('Writes the data of the service to stdout. Counts only when it exits with 0.'),
    restore: commandSchema.describe('Reads on stdin what dump wrote, and puts it in place of what is there.'),
    covers: z
      .array(z.string())
      .default([])
      .describe('Persist entries the dump stands for: they are not captured as files, also not inside an outer entry.'),
    before: commandSchema.optional().describe('Runs before anything is captured, for example a freeze.'),
    after: commandSchema
      .optional()
      .describe('Runs once after capture whenever `before` has started, also after a failure.'),
    seed: commandSchema
      .optional()
      .describe('Runs after a restore job has loaded this service, before anything else starts: for masking.'),
    check: commandSchema
      .optional()
      .describe('Runs in a drill, after the restore: exits with 0 when the data is sound.'),
    quiesce: z
      .enum(['none', 'pause', 'stop'])
      .default('none')
      .describe('What happens to the service while files are captured.'),
    timeout: duration.default('12h').describe('How long one command of this hook may take.'),
    user: z.string().optional().describe('The user the commands run as inside the service.'),
    env: z.record(z.string(), z.string()).default({}).describe('Environment added for the commands.'),
    workdir: z.string().optional().describe('The directory the commands start in.'),
    allow_empty: z.boolean().default(false).describe('Accept a dump of no bytes.'),
  })
  .describe('How the data of this service is dumped and restored.')

const persistSchema = z
  .strictObject({
    subpath: z.string().min(1).describe('Directory to capture, relative to the stack.'),
    scope: z.string().optional().describe('Who owns the data; `stack` when absent.'),
  })
  .describe('A directory whose files are captured.')

const serviceSchema = z
  .looseObject({
    runtime: z
      .enum(['container', 'local'])
      .default('container')
      .describe('container: Docker Compose; local: process-compose.'),
    backup: hookSchema.optional(),
  })
  .describe('A service. Keys that are not about snapshots are left to the tools that own them.')

const jobSchema = z
  .looseObject({
    runtime: z.enum(['container', 'local']).default('container').describe('As of a service.'),
  })
  .describe('Something that runs to its end: before services that depend on it, or with `angee job run`.')

const backendSchema = z.looseObject({ type: z.string().min(1).describe('localfs, or what a plugin provides.') })

/** The part of `angee.yaml` this project owns. Everything else is loaded loosely and left alone. */
export const manifestSchema = z.looseObject({
  name: z.string().min(1).optional().describe('The name of the stack; its directory name when absent.'),
  secrets_backend: z
    .looseObject({ type: z.string(), path: z.string().optional() })
    .optional()
    .describe('Where secrets live. Its file is never captured.'),
  backup_backend: backendSchema
    .default({ type: 'localfs' })
    .describe('Where snapshots are stored; the other keys are the options of that backend.'),
  backup: z
    .strictObject({
      plugins: z
        .array(z.string().min(1))
        .default([])
        .describe('Packages that bring backends or runtimes, resolved from the stack root.'),
      backends: z
        .record(
          partName.refine((name) => name !== 'default', '"default" is backup_backend itself; choose another name'),
          backendSchema,
        )
        .default({})
        .describe('Further places for copies of snapshots, by name; each has the keys of backup_backend.'),
      schedule: scheduleSchema.optional(),
      timezone: timezoneSchema
        .default('UTC')
        .describe('Where schedules and the days of retention have their hours: an IANA name.'),
      retention: retentionSchema.default({}),
      webhooks: z.array(webhookSchema).default([]),
    })
    .optional(),
  runtimes: z
    .record(z.string(), z.looseObject({}))
    .default({})
    .describe('Options for runtimes by type, for example the socket of a process-compose server.'),
  persist: z.record(partName, persistSchema).default({}).describe('Named directories to capture.'),
  services: z.record(z.string(), serviceSchema).default({}).describe('The services of the stack.'),
  jobs: z.record(z.string(), jobSchema).default({}).describe('The jobs of the stack.'),
})

export type HookDeclaration = z.output<typeof hookSchema>
export type ManifestDocument = z.output<typeof manifestSchema>

/** The keys this project owns, by the place they stand in: what a misspelt key is compared with. */
export const ownedKeys = {
  top: ['backup_backend', 'backup', 'persist', 'services', 'runtimes', 'secrets_backend'],
  service: ['runtime', 'backup'],
  hook: Object.keys(hookSchema.shape),
  persist: Object.keys(persistSchema.shape),
  ready: ['http', 'tcp', 'cmd', 'file', 'interval', 'timeout', 'retries', 'start_period'],
  restore: ['snapshot', 'stack', 'only'],
  backup: ['plugins', 'backends', 'schedule', 'timezone', 'retention', 'webhooks'],
  retention: Object.keys(retentionSchema.shape),
  schedule: Object.keys(scheduleSchema.options[1].shape),
  webhook: Object.keys(webhookSchema.shape),
} as const

/** Keys of the wider field that stand close to ours and are not misspelt. */
export const foreignKeys = [
  'backups',
  'service',
  'runtime',
  'secrets',
  'volumes',
  'sources',
  'ports',
  'jobs',
  'persist_paths',
  'persists',
]
