import { z } from 'zod'
import { bringUpSchema } from '../definition/schema.ts'
import { manifestSchema } from './schema.ts'

type Block = Record<string, unknown>

/** The JSON schema of `angee.yaml` for editors, generated from the schemas that check it for snapshots and for `up`. */
export function manifestJsonSchema(): Block {
  const [ofSnapshots, ofBringUp] = [manifestSchema, bringUpSchema].map((schema) =>
    z.toJSONSchema(schema, { io: 'input', target: 'draft-7' }),
  )
  return { title: 'angee.yaml', ...merged(ofBringUp as Block, ofSnapshots as Block) }
}

/** Both descriptions of the same object: what either of them knows. Where both say something, `second` is right. */
function merged(first: Block, second: Block): Block {
  const result: Block = { ...first, ...second }
  for (const [key, value] of Object.entries(second)) {
    const other = first[key]
    if (isBlock(value) && isBlock(other)) result[key] = merged(other, value)
  }
  return result
}

function isBlock(value: unknown): value is Block {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
