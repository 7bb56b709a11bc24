import { z } from 'zod'

/** `backup.webhooks` of a manifest. */
export const webhookSchema = z
  .strictObject({
    url: z
      .string()
      .regex(/^https?:\/\/|^\$\{secret\./, 'write an http:// or https:// address, or ${secret.NAME}')
      .describe('Where messages are sent. A secret in it: ${secret.NAME}.'),
    secret: z
      .string()
      .regex(/^\$\{secret\.[^}]+\}$/, 'write ${secret.NAME}; the secret itself belongs in the secrets file')
      .describe('What messages are signed with: ${secret.NAME}.'),
    on: z
      .array(
        z
          .string()
          .regex(/^[a-z_*]+(\.[a-z_*]+)?$/, 'write a type of message, for example "backup.failed" or "*.failed"'),
      )
      .min(1)
      .default(['*'])
      .describe('Which messages: their types, * for any.'),
  })
  .describe('Who is told when something has ended or is overdue.')

/** A webhook as it is declared: its secrets are names still. */
export interface Webhook {
  url: string
  secret: string
  /** Globs for types of messages. */
  on: readonly string[]
}
