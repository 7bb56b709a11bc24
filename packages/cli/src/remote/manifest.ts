import type { DrillReport, SnapshotManifest } from '@angee/core'
import type { ResultOf } from '@angee/operator/client'

/** The snapshot manifest that an operator told: its schema says the same as core's type, in wider words. */
export function manifestOf(told: ResultOf<'backup'>['snapshot']): SnapshotManifest {
  return told as unknown as SnapshotManifest
}

/** The same of a drill's report. */
export function drillReportOf({ snapshot, parts, ...report }: ResultOf<'drill'>): DrillReport {
  return { manifest: manifestOf(snapshot), parts: parts as DrillReport['parts'], ...report }
}
