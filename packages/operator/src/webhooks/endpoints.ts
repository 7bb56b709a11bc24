import { matchesGlob } from 'node:path'
import { type Files, type Manifest, type StackPlace, stackSecrets, type Webhook } from '@angee/core'
import { signingKey } from './sign.ts'

/** A webhook to send to, with its secrets. */
export interface Endpoint {
  /** As the manifest has it, so that no secret is in it: by this it is known again. */
  declared: string
  url: string
  key: Buffer
}

/** The webhooks that want messages of that type. */
export function wanting(webhooks: readonly Webhook[], type: string): Webhook[] {
  return webhooks.filter(({ on }) => on.some((pattern) => pattern === '*' || matchesGlob(type, pattern)))
}

/**
 * The webhooks of a manifest with the secrets as they are now; in place of one whose secret is not there or is none, the
 * error that says so.
 */
export async function endpointsOf(
  place: StackPlace,
  manifest: Manifest,
  files: Files,
): Promise<{ declared: string; endpoint: Endpoint | Error }[]> {
  const fill = await stackSecrets(place, manifest, files)
  return manifest.webhooks.map(({ url, secret }, index) => {
    const where = `backup.webhooks.${index}`
    try {
      const key = signingKey(fill(secret, `${where}.secret`), `${where}.secret`)
      return { declared: url, endpoint: { declared: url, url: fill(url, `${where}.url`), key } }
    } catch (error) {
      return { declared: url, endpoint: error as Error }
    }
  })
}
