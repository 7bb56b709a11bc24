import { describe, expect, it } from 'vitest'
import { parseManifest } from '../../src/index.ts'
import { overridePolicy } from '../../src/retention/index.ts'

const declare = (backup: string) => parseManifest(`backup: ${backup}`, 'angee.yaml')

function refusal(backup: string): string {
  try {
    declare(backup)
  } catch (error) {
    const { message, hint } = error as { message: string; hint: string }
    return `${message} ${hint}`
  }
  throw new Error('the manifest was accepted')
}

describe('backup.retention', () => {
  it('is read with every rule, and the time zone beside it', () => {
    const manifest = declare(
      '{ timezone: Europe/Berlin, retention: { keep_last: 7, keep_hourly: 1, keep_daily: 2, keep_weekly: 3, keep_monthly: 4, keep_yearly: 5, keep_within: 1y6m2w3d4h, keep_name: "release-*", keep_labels: { a: b }, keep_safety: 3d, only: { name: "n*", labels: { k: v } }, max_shrink: 0.8 } }',
    )
    expect(manifest.timezone).toBe('Europe/Berlin')
    expect(manifest.retention).toEqual({
      keepLast: 7,
      keepHourly: 1,
      keepDaily: 2,
      keepWeekly: 3,
      keepMonthly: 4,
      keepYearly: 5,
      keepWithin: '1y6m2w3d4h',
      keepName: 'release-*',
      keepLabels: { a: 'b' },
      keepSafety: '3d',
      only: { name: 'n*', labels: { k: 'v' } },
      maxShrink: 0.8,
    })
  })

  it('is empty, in UTC, when nothing is said', () => {
    for (const manifest of [declare('{}'), parseManifest('', 'angee.yaml')]) {
      expect(manifest.timezone).toBe('UTC')
      expect(Object.values(manifest.retention).filter((rule) => rule !== undefined)).toEqual([])
    }
  })

  it.each([
    ['{ timezone: Mars/Base }', '"Mars/Base": is no time zone'],
    ['{ timezone: "+02:00" }', 'by its IANA name'],
    ['{ timezone: "" }', 'by its IANA name'],
    ['{ retention: { keep_within: 30 days } }', 'for example "30d", "2w" or "1y6m"'],
    ['{ retention: { keep_within: 30m2y } }', 'in this order'],
    ['{ retention: { keep_within: "" } }', 'for example "30d"'],
    ['{ retention: { keep_safety: 10min } }', 'm is months'],
    ['{ retention: { keep_last: -1 } }', 'backup.retention.keep_last'],
    ['{ retention: { keep_last: 1.5 } }', 'backup.retention.keep_last'],
    ['{ retention: { max_shrink: 50 } }', 'backup.retention.max_shrink'],
    ['{ retention: { keep_dayly: 3 } }', 'Did you mean "keep_daily"?'],
    ['{ retention: { only: { nam: x } } }', 'Did you mean "name"?'],
    ['{ time_zone: UTC }', 'Did you mean "timezone"?'],
  ])('refuses %s', (backup, words) => {
    expect(refusal(backup)).toContain(words)
  })
})

describe('a policy given in place of the declared one', () => {
  const declared = { keepLast: 7, keepDaily: 14, keepSafety: '3d', maxShrink: 0.8, only: { name: 'n*' } }

  it('replaces all rules of what to keep, and leaves the rest', () => {
    expect(overridePolicy(declared, { keepWeekly: 2 })).toEqual({
      keepWeekly: 2,
      keepSafety: '3d',
      maxShrink: 0.8,
      only: { name: 'n*' },
    })
  })

  it('without such a rule changes only what it names', () => {
    expect(overridePolicy(declared, { only: { labels: { a: 'b' } }, keepLast: undefined })).toEqual({
      ...declared,
      only: { labels: { a: 'b' } },
    })
  })
})
