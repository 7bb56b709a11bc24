import { AngeeError, type CatalogRecord, exitCodes, isAngeeError } from '@angee/core'
import { api, type Client } from '@angee/operator/client'
import { tellDamage, tellNone } from '../commands/backup-ls.ts'
import { printSnapshot } from '../commands/backup-show.ts'
import { type BackupOptions, printBackup, printScope } from '../commands/stack-backup.ts'
import { printDocument } from '../output/document.ts'
import { listLayout } from '../output/listing.ts'
import type { Surface } from '../surface.ts'
import { errorOf, withOperator } from './connect.ts'
import { manifestOf } from './manifest.ts'

const { takeBackup, planBackup, listBackups, showBackup } = api.backups

export async function stackBackup(surface: Surface, _: readonly string[], options: BackupOptions): Promise<number> {
  const { name, label, only, allowPartial, includeSecrets, reuse, dryRun } = options
  const wanted = { only, include_secrets: includeSecrets === true }
  if (dryRun) {
    const scope = await withOperator(surface, 'none', ({ client }) => client.call(planBackup, { body: wanted }))
    await printScope(surface, scope)
    return exitCodes.done
  }
  const begun = performance.now()
  const body = { ...wanted, name, labels: label, allow_partial: allowPartial === true, reuse: reuse !== false }
  const { snapshot, failures, unchanged } = await withOperator(surface, 'lines', ({ run }) =>
    run('backup', takeBackup, { body }),
  )
  const result = {
    manifest: manifestOf(snapshot),
    failures: failures.map(({ part, error }) => ({ part, error: errorOf(error) })),
    unchanged,
  }
  return printBackup(surface, result as Parameters<typeof printBackup>[1], Math.round(performance.now() - begun))
}

export async function backupLs(surface: Surface): Promise<number> {
  const { records, damagedLines } = await withOperator(surface, 'none', ({ client }) => everyRecord(client))
  const wantsAll = surface.format === 'json' || surface.format === 'yaml'
  if (records.length === 0 && damagedLines.length > 0) throw unreadable()
  const { head, row } = listLayout(surface.columns, Date.now())
  const rows = (): string =>
    records.length === 0 ? '' : head + records.map((record) => row(summaryOf(record))).join('')
  const names = records.map(({ id }) => id)
  await printDocument(surface, records, names, rows)
  if (damagedLines.length > 0) tellDamage(surface, damagedLines)
  else if (records.length === 0 && !wantsAll) tellNone(surface)
  return damagedLines.length > 0 ? exitCodes.withWarnings : exitCodes.done
}

async function everyRecord(client: Client): Promise<{ records: CatalogRecord[]; damagedLines: number[] }> {
  const records: CatalogRecord[] = []
  let cursor: string | undefined
  for (;;) {
    const query = { limit: 1000, order: 'oldest' as const, cursor }
    const { snapshots, nextCursor, damagedLines } = await client.call(listBackups, { query })
    records.push(...(snapshots as CatalogRecord[]))
    if (nextCursor === null) return { records, damagedLines }
    cursor = nextCursor
  }
}

function summaryOf({ id, name, createdAt, status, purpose, warnings, parts, damagedAt }: CatalogRecord) {
  const storedBytes = parts.reduce((sum, part) => sum + part.storedBytes, 0)
  return { id, name, createdAt, status, purpose, warnings, partCount: parts.length, storedBytes, damagedAt }
}

function unreadable(): AngeeError {
  return new AngeeError('CATALOG_CORRUPT', 'no line of the catalog there can be read', {
    hint: 'The snapshots themselves lie in the backend. Rebuild the list: angee stack backup reindex',
  })
}

export async function backupShow(surface: Surface, [reference = '']: readonly string[]): Promise<number> {
  const { snapshot, ...facts } = await withOperator(surface, 'none', ({ client }) => find(client, reference))
  return printSnapshot(surface, snapshot, facts)
}

/** A snapshot and what only the catalog knows of it. SNAPSHOT_NOT_FOUND. */
export async function find(client: Client, id: string) {
  const { snapshot, location, pinned, verifiedAt, damagedAt, proven } = await client.call(showBackup, {
    params: { id },
  })
  return {
    snapshot: manifestOf(snapshot),
    location,
    pinned,
    ...(verifiedAt === undefined ? {} : { verifiedAt }),
    ...(damagedAt === undefined ? {} : { damagedAt }),
    ...(proven === undefined ? {} : { proven }),
  }
}

/** Whether a snapshot is there but cannot be read: it can be removed all the same. */
export function isDamage(error: unknown): boolean {
  return isAngeeError(error, 'SNAPSHOT_CORRUPT') || isAngeeError(error, 'FORMAT_TOO_NEW')
}
