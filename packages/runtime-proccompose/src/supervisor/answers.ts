import { z } from 'zod'

/** One process as the server sees it. Loose: other versions say more. */
const processState = z.object({
  name: z.string(),
  status: z.string(),
  /** Ready, Not Ready, or - when nothing is known. */
  is_ready: z.string().default('-'),
  /** Whether a readiness or a liveness probe is declared. */
  has_ready_probe: z.boolean().default(false),
  is_running: z.boolean().default(false),
  pid: z.number().default(0),
  exit_code: z.number().default(0),
  /** Set once the process has ended for good, unset again when it is started. */
  process_end_time: z.string().optional(),
})

export type ProcessState = z.output<typeof processState>

export const processesAnswer = z.object({ data: z.array(processState) })

/** How a process was declared. Go writes an empty list as null. */
export const processInfo = z.object({
  environment: z.array(z.string()).nullish(),
  envFile: z.string().optional(),
  workingDir: z.string().optional(),
  disableDotEnv: z.boolean().optional(),
  readyLogLine: z.string().optional(),
  dependsOn: z.record(z.string(), z.unknown()).nullish(),
})

export type ProcessInfo = z.output<typeof processInfo>

export const projectState = z.object({
  fileNames: z.array(z.string()).nullish(),
  version: z.string().default('undefined'),
})

export type ProjectState = z.output<typeof projectState>

export const refusal = z.object({ error: z.string() })
