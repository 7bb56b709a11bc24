import { isAbsolute, join } from 'node:path'
import { registerSecret } from '../errors/index.ts'
import type { Files } from '../files/index.ts'
import type { Manifest } from '../manifest/index.ts'
import type { StackPlace } from './locate.ts'

/** What a variable is called that holds a secret. */
const secretName = /passw|passphrase|_pass$|secret|token|credential|private_?key|api_?key|access_?key/i
/** Such a variable says where the secret is, and a path is needed in messages. */
const placeName = /_(file|path|dir|directory)$/i

/**
 * Makes unprintable what a hook could print: every value of the stack's secrets file, and those values of its own and
 * of the hooks' environment whose names say that they are secret.
 */
export async function registerSecrets(
  place: StackPlace,
  manifest: Manifest,
  own: Readonly<Record<string, string | undefined>>,
  files: Files,
): Promise<void> {
  const path = isAbsolute(manifest.secretsFile) ? manifest.secretsFile : join(place.root, manifest.secretsFile)
  // One that may not be read cannot be printed by a hook that runs as us either.
  const bytes = await files.read(path).catch(() => undefined)
  for (const value of valuesOf(bytes?.toString() ?? '')) registerSecret(value)
  for (const environment of [own, ...manifest.services.map(({ hook }) => hook?.env ?? {})]) {
    for (const [name, value] of Object.entries(environment)) {
      if (value !== undefined && secretName.test(name) && !placeName.test(name)) registerSecret(value)
    }
  }
}

/** The values of `NAME=value` lines, without their quotes. */
function valuesOf(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const written = /^\s*(?:export\s+)?[A-Za-z_][A-Za-z0-9_.-]*\s*=\s*(.*?)\s*$/.exec(line)?.[1]
    if (written === undefined) return []
    return [/^(["'])(.*)\1$/.exec(written)?.[2] ?? written]
  })
}
