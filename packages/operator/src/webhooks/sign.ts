import { createHmac } from 'node:crypto'
import { AngeeError } from '@angee/core'

/** The key of `whsec_` and base64. USAGE for another text, or a key of other than 24 to 64 bytes. */
export function signingKey(secret: string, where: string): Buffer {
  const key = /^whsec_[A-Za-z0-9+/]+={0,2}$/.test(secret) ? Buffer.from(secret.slice(6), 'base64') : Buffer.of()
  if (key.length >= 24 && key.length <= 64) return key
  throw new AngeeError('USAGE', `${where} is no signing secret: "whsec_" and 24 to 64 bytes in base64`, {
    hint: 'Make one, and give it to the receiver too: echo "whsec_$(openssl rand -base64 32)"',
  })
}

/**
 * The headers of a signed message, after Standard Webhooks 1.0
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md). `now` in milliseconds.
 */
export function signedHeaders(key: Buffer, id: string, body: string, now: number): Record<string, string> {
  const timestamp = String(Math.floor(now / 1000))
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
  }
}
