import { z } from 'zod'
import { commandSchema } from '../manifest/schema.ts'

/*
 * The keys of a manifest that say how its services are brought up. They belong to a wider field: what is not named here
 * is left alone. Checked only when a stack is brought up, so that a snapshot never fails over them.
 */

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()], {
  error: 'is no text: write a text, a number, true or false',
})

const environment = z
  .union([z.record(z.string(), scalar), z.array(z.string().regex(/^[^=]+=/s))], {
    error: 'is neither a block of NAME: value nor a list of NAME=value',
  })
  .default({})
  .describe('Environment variables.')

const port = z.union(
  [
    z.int().min(1).max(65535),
    z.string().regex(/^[^{}]*$|\$\{/),
    z.looseObject({ target: z.union([z.int(), z.string()]) }),
  ],
  { error: 'is no port: write 8080, "8080:80" or "127.0.0.1:8080:80/tcp"' },
)

const duration = z
  .string()
  .regex(/^(\d+(\.\d+)?(ms|s|m|h))+$/, 'write a number and a unit, for example "5s" or "1m"')
  .describe('A number and a unit: ms, s, m or h.')

const portNumber = z.union([z.int().min(1).max(65535), z.string()], { error: 'is no port number' })

const ready = z
  .strictObject({
    http: z.strictObject({ port: portNumber, path: z.string().default('/') }).optional(),
    tcp: z.strictObject({ port: portNumber }).optional(),
    cmd: commandSchema.optional(),
    file: z.string().optional(),
    interval: duration.default('5s'),
    timeout: duration.default('3s'),
    retries: z.int().min(1).default(12),
    start_period: duration.default('0s'),
  })
  .refine(({ http, tcp, cmd, file }) => [http, tcp, cmd, file].filter((one) => one !== undefined).length === 1, {
    error: 'write exactly one of http, tcp, cmd and file',
  })
  .describe('When the service is ready to accept work.')

const dependencies = z
  .union([z.array(z.string()), z.record(z.string(), z.looseObject({ condition: z.string().optional() }).nullable())], {
    error: 'is neither a list of names nor a block of names',
  })
  .default([])

const workload = {
  runtime: z.enum(['container', 'local']).default('container'),
  image: z.string().min(1).optional(),
  build: z.union([z.string(), z.record(z.string(), z.unknown())]).optional(),
  command: commandSchema.optional(),
  env: environment,
  ports: z.array(port).default([]),
  mounts: z.array(z.string()).default([]),
  workdir: z.string().optional(),
  user: z.union([z.string(), z.int()]).optional(),
  depends_on: dependencies,
  after: dependencies,
  engine: z.record(z.string(), z.unknown()).default({}),
}

const service = z.looseObject({
  ...workload,
  restart: z.enum(['no', 'always', 'on-failure', 'unless-stopped']).optional(),
  ready: ready.optional(),
})

const job = z.looseObject({
  ...workload,
  restore: z
    .strictObject({
      snapshot: z.string().min(1).describe('An id, a name or "latest".'),
      stack: z.string().optional().describe('The stack root in whose backend it lies; this one when absent.'),
      only: z.array(z.string()).optional().describe('These parts alone.'),
    })
    .optional()
    .describe('A restore job: puts the data of a snapshot in place before anything else starts.'),
})

const secret = z.looseObject({
  generated: z.boolean().optional(),
  length: z.int().min(8).max(512).default(32),
  import: z.string().optional(),
  required: z.boolean().optional(),
})

/** What bringing a stack up reads of `angee.yaml`. */
export const bringUpSchema = z.looseObject({
  inputs: z.record(z.string(), scalar).default({}),
  operator: z.looseObject({ url: z.string().optional(), domain: z.string().optional() }).default({}),
  ports: z.record(z.string(), z.union([portNumber, z.looseObject({ value: portNumber.optional() })])).default({}),
  secrets_backend: z.looseObject({ type: z.string() }).optional(),
  secrets: z.record(z.string(), secret.nullable()).default({}),
  services: z.record(z.string(), service).default({}),
  jobs: z.record(z.string(), job).default({}),
  sources: z
    .record(z.string(), z.looseObject({ path: z.string().optional(), cache_path: z.string().optional() }))
    .default({}),
  volumes: z.record(z.string(), z.record(z.string(), z.unknown()).nullable()).default({}),
})

export type BringUpDocument = z.output<typeof bringUpSchema>
export type DeclaredWorkload = BringUpDocument['services'][string] | BringUpDocument['jobs'][string]
