import { z } from 'zod'

/** What stands under `runtimes.proccompose` in `angee.yaml`. */
export const proccomposeOptions = z.strictObject({
  file: z.string().min(1).optional().describe('The process-compose file, relative to the stack root.'),
  socket: z.string().min(1).optional().describe('The unix socket of the server, relative to the stack root.'),
  url: z
    .url({ protocol: /^http$/ })
    .refine(isThisMachine, 'name a host of this machine: localhost, 127.0.0.1 or [::1]')
    .optional()
    .describe('The address of the server when it listens on TCP, for example http://localhost:8080.'),
  token_env: z
    .string()
    .min(1)
    .default('PC_API_TOKEN')
    .describe('The environment variable that holds the token of the API. The token itself never stands in a file.'),
})

export type ProccomposeOptions = z.output<typeof proccomposeOptions>

/** Process ids mean nothing from another machine, and `local` services are processes of this one. */
function isThisMachine(url: string): boolean {
  return ['localhost', '127.0.0.1', '[::1]'].includes(new URL(url).hostname)
}
