import type { SnapshotManifest, StoredPart } from '../contract/index.ts'

/**
 * What a part holds, whatever stores it: the digest of a tree, length and digest of a stream. The archive of a tree is
 * no measure, for it tells holes of files too, and those are another disk's own.
 */
export function contentOf({ kind, raw, tree }: StoredPart): string {
  return kind === 'tree' ? `tree ${tree?.digest}` : `${raw.bytes} bytes ${raw.digest}`
}

/** Whether two manifests are of one snapshot and hold the same. */
export function sameContent(one: SnapshotManifest, other: SnapshotManifest): boolean {
  const facts = ({ id, createdAt, status, parts }: SnapshotManifest): string =>
    JSON.stringify([id, createdAt, status, parts.map((part) => [part.part, contentOf(part)]).sort()])
  return facts(one) === facts(other)
}
