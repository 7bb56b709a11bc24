import { describe, expect, it } from 'vitest'
import type { CatalogRecord } from '../../src/index.ts'
import { acceptSizes, compareSizes, type KnownSizes } from '../../src/retention/sizes.ts'
import { record } from './records.ts'

/** Snapshots of a dump of these sizes, one a day; undefined for one without it. */
function dumps(...sizes: (number | undefined)[]): CatalogRecord[] {
  return sizes.map((rawBytes, index) =>
    record(Date.UTC(2026, 0, 1 + index), {
      parts: [
        { part: 'persist/files', rawBytes: 500, storedBytes: 1 },
        ...(rawBytes === undefined ? [] : [{ part: 'service/db' as const, rawBytes, storedBytes: 1 }]),
      ],
    }),
  )
}

const shrunken = (records: CatalogRecord[], known?: KnownSizes, limit = 0.5) =>
  compareSizes(records, known, limit).shrunken.map(({ part, bytes, median }) => [part, bytes, median])

describe('the sizes of a new snapshot', () => {
  it('are compared with the median of those before', () => {
    expect(shrunken(dumps(1000, 1200, 20))).toEqual([['service/db', 20, 1100]])
    expect(shrunken(dumps(1000, 1000, 500))).toEqual([])
    expect(shrunken(dumps(1000, 1000, 499))).toEqual([['service/db', 499, 1000]])
    expect(shrunken(dumps(1000, 1000, 499), undefined, 0.9)).toEqual([])
    expect(shrunken(dumps(1000, 1000, 0), undefined, 1)).toEqual([])
  })

  it('are no alarm when there is nothing before, or when there are none', () => {
    expect(shrunken(dumps(20))).toEqual([])
    expect(compareSizes([], undefined, 0.5)).toEqual({ shrunken: [], sizes: undefined })
  })

  it('include those of a part that is gone', () => {
    expect(shrunken(dumps(1000, 1000, undefined))).toEqual([['service/db', 0, 1000]])
  })

  it('are no alarm when a later one is as before', () => {
    expect(shrunken(dumps(1000, 20, 1000))).toEqual([])
  })

  it('never become the measure while they are shrunken, however often they come', () => {
    expect(shrunken(dumps(1000, ...Array<number>(50).fill(20)))).toEqual([['service/db', 20, 1000]])
  })

  it('follow what grows and what shrinks slowly', () => {
    const growing = Array.from({ length: 50 }, (_, index) => 1000 * 1.2 ** index)
    expect(shrunken(dumps(...growing))).toEqual([])
    expect(shrunken(dumps(...growing, (growing.at(-1) ?? 0) / 4))).toHaveLength(1)
    expect(shrunken(dumps(...Array.from({ length: 50 }, (_, index) => 1000 * 0.95 ** index)))).toEqual([])
  })

  it('are remembered, so that thinning out the earlier ones changes nothing', () => {
    const all = dumps(...Array.from({ length: 40 }, (_, index) => 1000 * 0.9 ** index))
    const { sizes } = compareSizes(all.slice(0, -1), undefined, 0.5)
    const thinned = [all[0], all.at(-2), all.at(-1)] as CatalogRecord[]
    expect(shrunken(thinned, sizes)).toEqual([])
    expect(shrunken(thinned)).toHaveLength(1)
  })

  it('are the new measure once they are accepted', () => {
    const all = dumps(1000, 1000, 20, 22, 3)
    const known = acceptSizes(all[2] as CatalogRecord)
    expect(shrunken(all.slice(0, 4), known)).toEqual([])
    expect(shrunken(all, known)).toEqual([['service/db', 3, 21]])
  })
})
