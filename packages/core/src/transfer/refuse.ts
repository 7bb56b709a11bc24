import { basename, dirname, join, resolve } from 'node:path'
import type { BackendCapabilities, BackupBackend, SnapshotManifest } from '../contract/index.ts'
import { AngeeError } from '../errors/index.ts'
import type { NamedBackend, Stack } from '../stack/index.ts'

/** USAGE when both are the same place, by whatever name. */
export async function refuseSamePlace(stack: Stack, from: NamedBackend, to: NamedBackend): Promise<void> {
  const same = (await placeOf(stack, from.backend)) === (await placeOf(stack, to.backend))
  if (!same) return
  throw new AngeeError('USAGE', `"${from.name}" and "${to.name}" are the same place: ${to.backend.location}`, {
    hint: 'Name another backend with --to, or a directory (./directory).',
    context: { location: to.backend.location },
  })
}

/** USAGE when what is stored there would be captured by the next snapshot, and with it everything stored so far. */
export async function refuseInsideScope(stack: Stack, { backend }: NamedBackend): Promise<void> {
  if (backend.localDirectory === undefined) return
  const directory = await real(stack, backend.localDirectory)
  for (const part of stack.scope) {
    if (part.kind !== 'tree') continue
    const captured = await real(stack, join(stack.place.base, part.path))
    const leftOut = part.exclude.some(({ path }) => isWithin(join(captured, path), directory))
    if (leftOut || !isWithin(captured, directory)) continue
    throw new AngeeError('USAGE', `${backend.location} lies in ${part.id}, and would be captured with it`, {
      hint: 'Choose a directory outside of what the stack captures.',
      context: { location: backend.location, part: part.id },
    })
  }
}

/** Where something would be stored, as far as secrecy goes. */
interface Openness {
  location: string
  capabilities: Pick<BackendCapabilities, 'encrypts'>
}

/** USAGE when what lies encrypted would lie open: always for secrets, else unless `plain` was asked for. */
export function refuseOpen(from: Openness, to: Openness, manifest: SnapshotManifest, plain: boolean): void {
  if (to.capabilities.encrypts) return
  const context = { id: manifest.id, location: to.location }
  if (manifest.includesSecrets) {
    throw new AngeeError('USAGE', `${manifest.id} holds the secrets file, and ${to.location} is not encrypted`, {
      hint: 'Copy it to a backend that encrypts, or take another snapshot without --include-secrets.',
      context,
    })
  }
  const encrypted = from.capabilities.encrypts || manifest.parts.some(({ encryption }) => encryption !== undefined)
  if (!encrypted || plain) return
  throw new AngeeError(
    'USAGE',
    `${manifest.id} lies encrypted in ${from.location}, and would lie open in ${to.location}`,
    {
      hint: 'Accept that with --plain, or copy it to a backend that encrypts (backup.backends, encryption.recipients).',
      context,
    },
  )
}

async function placeOf(stack: Stack, { type, location, localDirectory }: BackupBackend): Promise<string> {
  return localDirectory === undefined ? `${type} ${location}` : real(stack, localDirectory)
}

/** The path with the symbolic links of what exists of it resolved. */
async function real(stack: Stack, path: string): Promise<string> {
  const absolute = resolve(path)
  const found = await stack.files.realpath(absolute).catch(() => undefined)
  if (found !== undefined || absolute === dirname(absolute)) return found ?? absolute
  return join(await real(stack, dirname(absolute)), basename(absolute))
}

function isWithin(directory: string, path: string): boolean {
  return path === directory || path.startsWith(`${directory}/`)
}
