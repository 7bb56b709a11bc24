import { stat } from 'node:fs/promises'
import { type Files, type Manifest, readManifest, type StackPlace, stackName } from '@angee/core'

/** Reads the manifest of the stack as often as it changes, however often it is asked for. */
export interface ManifestReader {
  /** STACK_NOT_FOUND, MANIFEST_INVALID. */
  read(): Promise<Manifest>
  /** What the stack is called; while its manifest cannot be read, what it was called last. */
  name(): Promise<string>
}

export function manifestReader(place: StackPlace, files: Files): ManifestReader {
  let known: { state: string; manifest: Promise<Manifest> } | undefined
  let name = stackName(place, undefined)

  async function read(): Promise<Manifest> {
    const state = await stateOf(place.manifestFile)
    if (known?.state !== state) known = { state, manifest: readManifest(place, files) }
    const manifest = await known.manifest
    name = stackName(place, manifest)
    return manifest
  }

  return {
    read,
    name: () =>
      read()
        .then(() => name)
        .catch(() => name),
  }
}

/** A file that is written in place has another time, one that is replaced another number too. */
async function stateOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true })
    return `${ino} ${size} ${mtimeNs} ${ctimeNs}`
  } catch {
    return 'absent'
  }
}
