import type { CatalogRecord, PruneResult } from '@angee/core'

/** What a prune has done or would do, as the API shows it. */
export function pruneFacts({ plan, alarms, removed, forgotten }: PruneResult, timezone: string): object {
  return {
    timezone,
    emptyPolicy: plan.emptyPolicy,
    removed,
    forgotten,
    alarms,
    snapshots: plan.entries.map(({ id, action, reasons, record }) => ({
      id,
      ...(record?.name === undefined ? {} : { name: record.name }),
      createdAt: record?.createdAt ?? null,
      storedBytes: record ? storedBytes(record) : null,
      action,
      reasons,
    })),
  }
}

function storedBytes({ parts }: CatalogRecord): number {
  return parts.reduce((sum, part) => sum + part.storedBytes, 0)
}
