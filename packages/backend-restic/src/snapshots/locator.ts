import { AngeeError, type StoredPart } from '@angee/core'

/** The metadata of a tree's own directory, which restic does not restore with what lies in it. */
export interface RootMetadata {
  mode: number
  uid: number
  gid: number
  /** Nanoseconds since 1970, decimal. */
  mtimeNs: string
  /** Extended attributes: name and value, both base64. */
  attributes: readonly (readonly [name: string, value: string])[]
}

/** Where a part lies: the `locator` of its manifest entry, as JSON. */
export type Locator =
  /** A directory as restic walked it. */
  | { form: 'tree'; resticId: string; path: string; root: RootMetadata; owner: string | null }
  /** A tree as one canonical tar archive. */
  | { form: 'tar'; resticId: string; path: string }
  | { form: 'stream'; resticId: string; path: string }

export function writeLocator(locator: Locator): string {
  return JSON.stringify(locator)
}

/** SNAPSHOT_CORRUPT where the manifest does not say where the part lies. */
export function readLocator({ part, locator }: Pick<StoredPart, 'part' | 'locator'>): Locator {
  try {
    const read = JSON.parse(locator ?? '') as Partial<Locator>
    const known = read.form === 'tree' || read.form === 'tar' || read.form === 'stream'
    if (known && /^[0-9a-f]{64}$/.test(read.resticId ?? '') && read.path?.startsWith('/')) return read as Locator
  } catch {
    // It is said below.
  }
  throw new AngeeError('SNAPSHOT_CORRUPT', `the manifest does not say where ${part} lies in the repository`, {
    hint: 'Use another snapshot.',
    context: { part },
  })
}
