import { z } from 'zod'
import { AngeeError, type ErrorCode, registerSecret } from '../errors/index.ts'
import { didYouMean } from '../manifest/suggest.ts'

/** Marks an options field whose value must never be shown: it is redacted from errors, logs and progress. */
export function secret<Schema extends z.ZodType>(schema: Schema): Schema {
  return schema.meta({ secret: true })
}

/**
 * Checks adapter options. Returns the parsed value with defaults filled in, and registers every secret in it for
 * redaction first, so that the error about a wrong value cannot show it.
 */
export function parseOptions<Schema extends z.ZodType>(
  schema: Schema,
  given: Record<string, unknown>,
  where: string,
  code: ErrorCode = 'BACKEND_OPTIONS_INVALID',
): z.output<Schema> {
  registerSecrets(schema, given)
  const result = schema.safeParse(given)
  if (result.success) return result.data
  const { issues } = result.error
  // A misspelt key also leaves a key out, and is the one to tell of.
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0]
  const path = [where, ...(issue?.path ?? []).map(String)].join('.')
  throw new AngeeError(code, `${path}: ${issue?.message ?? 'not valid'}`, {
    hint: `${guess(schema, issue)}Correct ${path} in angee.yaml.`,
    context: { issues: issues.length },
  })
}

/** "Did you mean …? " where a key is nearly one that there is. */
function guess(schema: z.ZodType, issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code !== 'unrecognized_keys' || !(schema instanceof z.ZodObject)) return ''
  return didYouMean(issue.keys[0] ?? '', Object.keys(schema.shape))
}

function registerSecrets(schema: z.ZodType, given: Record<string, unknown>): void {
  if (!(schema instanceof z.ZodObject)) return
  for (const [name, field] of Object.entries<z.ZodType>(schema.shape)) {
    const value = given[name]
    if (typeof value === 'string' && isSecret(field)) registerSecret(value)
    if (typeof value !== 'object' || value === null) continue
    if (isSecret(field)) for (const one of Object.values(value)) registerSecret(String(one))
    else registerSecrets(bare(field), value as Record<string, unknown>)
  }
}

/** The schema inside what makes it optional or gives it a default. */
function bare(field: z.ZodType): z.ZodType {
  const inner = (field as { unwrap?: () => z.ZodType }).unwrap?.()
  return inner === undefined || field instanceof z.ZodArray ? field : bare(inner)
}

function isSecret(field: z.ZodType): boolean {
  if (field.meta()?.['secret'] === true) return true
  const inner = (field as { unwrap?: () => z.ZodType }).unwrap?.()
  return inner !== undefined && isSecret(inner)
}
