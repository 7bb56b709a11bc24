import { z } from 'zod'

/** A whole id, the beginning of one, a name, or `latest`. */
export const snapshotReference = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/)
  .meta({
    description: 'A whole id, the beginning of one (four letters or more), a name, or "latest"',
    example: 'before-upgrade',
  })

export const partId = z
  .string()
  .max(200)
  .regex(/^((persist|service)\/[^\s/]+|secrets\/file)$/)
  .meta({ description: 'A part: persist/NAME, service/NAME or secrets/file', example: 'persist/uploads' })

export const timestamp = z.string().meta({ description: 'ISO 8601, UTC', example: '2026-01-05T03:00:00.000Z' })

export const bytes = z.number().meta({ description: 'Bytes' })

export const entryName = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]*$/)

export const onlyParts = z.array(partId).min(1).max(1000).optional().meta({ description: 'These parts alone' })

/** A list that is read page by page. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(1000).default(100).meta({ description: 'How many at most' }),
  cursor: z
    .string()
    .regex(/^[0-9A-Z]{26}$/)
    .optional()
    .meta({ description: 'The "next_cursor" of the page before' }),
}

export const nextCursor = z.string().nullable().meta({ description: 'For the next page; null when there is none' })

/** A switch in a query. */
export const queryFlag = z
  .enum(['true', 'false'])
  .default('false')
  .transform((word) => word === 'true')
