import type { CatalogRecord } from './record.ts'

/**
 * What a listing shows of a snapshot. Each line of the catalog begins with it, always in the same order, so that ten
 * thousand snapshots are listed in the time it takes to read these beginnings.
 */
export interface CatalogSummary {
  id: string
  name: string | undefined
  createdAt: string
  status: CatalogRecord['status']
  purpose: CatalogRecord['purpose']
  /** How many there are. */
  warnings: number
  partCount: number
  storedBytes: number
  /** See CatalogRecord. */
  damagedAt?: string | undefined
}

const beginning =
  /^\{"id":"([0-9A-Z]{26})",(?:"name":"([\w.-]+)",)?"createdAt":"([0-9TZ:.-]+)","status":"(complete|partial)","purpose":"(manual|safety|schedule)","warnings":(\d+),"partCount":(\d+),"storedBytes":(\d+),(?:"damagedAt":"([0-9TZ:.-]+)",)?/

/** The line of a record, without its end. */
export function lineOf(record: CatalogRecord): string {
  return JSON.stringify({ ...summarize(record), ...record })
}

/** The record of a line; undefined when it is damaged. */
export function parseLine(line: string): CatalogRecord | undefined {
  try {
    const {
      partCount: _,
      storedBytes: __,
      ...record
    } = JSON.parse(line) as CatalogRecord & Pick<CatalogSummary, 'partCount' | 'storedBytes'>
    const whole = typeof record.id === 'string' && typeof record.createdAt === 'string' && Array.isArray(record.parts)
    return whole ? record : undefined
  } catch {
    return undefined
  }
}

/** The summary of a line; undefined when it is damaged. Of a line this version wrote only beginning and end are looked at. */
export function summaryOf(line: string): CatalogSummary | undefined {
  const found = line.endsWith('}') ? beginning.exec(line) : null
  if (!found) {
    const record = parseLine(line)
    return record && summarize(record)
  }
  return {
    id: found[1] as string,
    name: found[2],
    createdAt: found[3] as string,
    status: found[4] as CatalogSummary['status'],
    purpose: found[5] as CatalogSummary['purpose'],
    warnings: Number(found[6]),
    partCount: Number(found[7]),
    storedBytes: Number(found[8]),
    damagedAt: found[9],
  }
}

function summarize(record: CatalogRecord): CatalogSummary {
  const { id, name, createdAt, status, purpose, warnings, parts, damagedAt } = record
  return {
    id,
    name,
    createdAt,
    status,
    purpose,
    warnings,
    partCount: parts.length,
    storedBytes: parts.reduce((sum, part) => sum + part.storedBytes, 0),
    damagedAt,
  }
}
