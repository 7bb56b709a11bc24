import { exitCodes, readCatalog, resolveSnapshot, type SnapshotManifest, type StoredPart } from '@angee/core'
import { describeTime } from '../output/describe.ts'
import { printDocument } from '../output/document.ts'
import { counted, formatBytes, formatDuration } from '../output/format.ts'
import { plainText } from '../output/style.ts'
import { formatTable } from '../output/table.ts'
import { warningText } from '../output/warnings.ts'
import { withStack } from '../session.ts'
import type { Surface } from '../surface.ts'

/** What the manifest does not say. */
export interface CatalogFacts {
  location: string
  pinned: boolean
  verifiedAt?: string
  damagedAt?: string
  proven?: { at: string; seconds: number }
}

/** Prints the manifest of a snapshot, read from the backend: it also knows what the catalog has lost. */
export async function backupShow(surface: Surface, reference: string): Promise<number> {
  const { manifest, facts } = await withStack(surface, { events: 'none' }, async ({ stack, ctx }) => {
    const id = await resolveSnapshot(stack, reference, ctx)
    const { records } = await readCatalog(stack.store)
    const { pinned, verifiedAt, damagedAt, proven } = records.find((record) => record.id === id) ?? {}
    return {
      manifest: await stack.backend.stat(id, ctx),
      facts: {
        location: stack.backend.location,
        pinned: pinned === true,
        ...(verifiedAt === undefined ? {} : { verifiedAt }),
        ...(damagedAt === undefined ? {} : { damagedAt }),
        ...(proven === undefined ? {} : { proven }),
      },
    }
  })
  return printSnapshot(surface, manifest, facts)
}

/** Prints all that is known of a snapshot. */
export async function printSnapshot(
  surface: Surface,
  manifest: SnapshotManifest,
  facts: CatalogFacts,
): Promise<number> {
  await printDocument(surface, { ...manifest, ...facts }, [manifest.id], () =>
    snapshotPage(manifest, facts, surface.columns),
  )
  return exitCodes.done
}

/** All that a manifest says, for a person. */
export function snapshotPage(manifest: SnapshotManifest, facts: CatalogFacts, columns: number | undefined): string {
  const sections = [headOf(manifest, facts), partsTable(manifest.parts, columns)]
  const list = (title: string, lines: readonly string[]): void => {
    if (lines.length > 0) sections.push(`${title}:\n${lines.map((line) => `  ${plainText(line)}\n`).join('')}`)
  }
  list(
    'Missing',
    manifest.missing.map(({ part, message }) => `${part}: ${message}`),
  )
  list(
    'Left out',
    manifest.excluded.map(({ part, path, reason }) => `${part}: ${path} (${reason})`),
  )
  list('Warnings', manifest.warnings.map(warningText))
  return sections.join('\n')
}

function headOf(manifest: SnapshotManifest, { location, pinned, verifiedAt, damagedAt, proven }: CatalogFacts): string {
  const now = Date.now()
  const labels = Object.entries(manifest.labels).map(([key, value]) => `${key}=${value}`)
  const lines: [string, string | undefined][] = [
    ['Snapshot', manifest.id],
    ['Name', manifest.name],
    ['Created', `${describeTime(manifest.createdAt, now)}, took ${took(manifest)}`],
    ['Status', `${manifest.status}${pinned ? ', pinned until the next complete snapshot' : ''}`],
    ['Purpose', manifest.purpose],
    ['Labels', labels.length === 0 ? undefined : labels.join(', ')],
    ['Stack', `${manifest.stack.name} (${manifest.stack.root} on ${manifest.stack.host})`],
    ['Stored in', location],
    ['Encrypted', encryptedFor(manifest.parts)],
    ['Secrets', manifest.includesSecrets ? 'included' : undefined],
    ['Damaged', damagedAt && `found ${describeTime(damagedAt, now)}`],
    ['Verified', damagedAt ? undefined : verifiedAt === undefined ? 'never in full' : describeTime(verifiedAt, now)],
    ['Restorable', proven && `proven ${describeTime(proven.at, now)}, in ${formatDuration(proven.seconds * 1000)}`],
    ['Written by', `${manifest.tool.name} ${manifest.tool.version}, format ${manifest.format}`],
  ]
  return lines
    .filter((line): line is [string, string] => line[1] !== undefined)
    .map(([title, value]) => `${title.padEnd(11)} ${plainText(value)}\n`)
    .join('')
}

/** Undefined where the parts lie open, or the backend encrypts as a whole. */
function encryptedFor(parts: readonly StoredPart[]): string | undefined {
  const recipients = new Set(parts.flatMap(({ encryption }) => encryption?.recipients ?? []))
  return recipients.size === 0 ? undefined : `for ${[...recipients].join(', ')}`
}

function took({ createdAt, finishedAt }: SnapshotManifest): string {
  return formatDuration(Date.parse(finishedAt) - Date.parse(createdAt))
}

/** Parts with their sizes, as shown after a backup too. */
export function partsTable(parts: readonly StoredPart[], columns: number | undefined): string {
  return formatTable(
    parts,
    [
      { title: 'PART', value: ({ part }) => part, shrinks: true },
      { title: 'RAW', value: ({ raw }) => formatBytes(raw.bytes), align: 'right' },
      { title: 'STORED', value: ({ stored }) => formatBytes(stored.bytes), align: 'right' },
      { title: 'HOLDS', value: holds, optional: 1 },
    ],
    columns,
  )
}

function holds({ part, kind, tree }: StoredPart): string {
  if (part === 'secrets/file') return 'secrets file'
  if (kind === 'stream' || !tree) return 'dump'
  const { file, directory, symlink, hardlink, fifo, device } = tree.entries
  const others = symlink + hardlink + fifo + device
  const words = [counted(file, 'file'), counted(directory, 'directory', 'directories')]
  if (others > 0) words.push(counted(others, 'link or special file', 'links and special files'))
  return words.join(', ')
}
