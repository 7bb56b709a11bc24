import { z } from 'zod'
import { manifestSchema } from './schema.ts'

/** The JSON schema of `angee.yaml` for editors, generated from the schema that checks it. */
export function manifestJsonSchema(): Record<string, unknown> {
  return { title: 'angee.yaml', ...z.toJSONSchema(manifestSchema, { io: 'input', target: 'draft-7' }) }
}
