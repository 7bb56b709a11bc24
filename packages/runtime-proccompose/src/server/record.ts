import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { Home } from '../home.ts'
import { writeWhole } from '../write.ts'

/** What is known of the server angee started for a stack. It is written before the server exists. */
const record = z.object({
  socket: z.string(),
  /** A directory that was made for the socket alone, where the stack's own path is too long for one. */
  madeFor: z.string().optional(),
  process: z.object({ pid: z.int(), started: z.string() }).optional(),
  /** The file a person wrote, as it was when the server last read it. */
  byHand: z.string().optional(),
})

export type ServerRecord = z.output<typeof record>

/** Undefined when angee has started none, or what it wrote cannot be read. */
export function readRecord({ record: file }: Pick<Home, 'record'>): ServerRecord | undefined {
  try {
    return record.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data
  } catch {
    return undefined
  }
}

export function writeRecord({ record: file }: Pick<Home, 'record'>, now: ServerRecord): Promise<void> {
  return writeWhole(file, JSON.stringify(now), 0o600)
}
