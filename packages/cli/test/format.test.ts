import { describe, expect, it } from 'vitest'
import { formatAge, formatBytes, formatDuration, formatLocalTime, formatShortAge } from '../src/output/format.ts'
import { plainText } from '../src/output/style.ts'
import { formatTable } from '../src/output/table.ts'
import { fit, widthOf } from '../src/output/width.ts'

describe('amounts', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [1536, '1.5 KiB'],
    [1024 * 1024 - 1, '1.0 MiB'],
    [99.94 * 1024, '99.9 KiB'],
    [99.95 * 1024, '100 KiB'],
    [1023.9 * 1024, '1024 KiB'],
    [5 * 1024 ** 4, '5.0 TiB'],
    [2 ** 60, '1024 PiB'],
  ])('%d bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text))

  it.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [1000, '1.0 s'],
    [59_400, '59 s'],
    [59_999, '1 min'],
    [184_000, '3 min 4 s'],
    [7_320_000, '2 h 2 min'],
    [90_000_000, '1 d 1 h'],
  ])('%d milliseconds are %s', (milliseconds, text) => expect(formatDuration(milliseconds)).toBe(text))
})

describe('moments', () => {
  const now = Date.UTC(2026, 5, 15, 12)

  it('says how long ago, and marks what is to come', () => {
    expect(formatAge(now - 59_000, now)).toBe('just now')
    expect(formatAge(now - 3 * 3_600_000, now)).toBe('3 h ago')
    expect(formatAge(now + 2 * 86_400_000, now)).toBe('in 2 d')
    expect([30_000, 90_000, 7_200_000, 400 * 86_400_000].map((ago) => formatShortAge(now - ago, now))).toEqual([
      'now',
      '1 min',
      '2 h',
      '400 d',
    ])
    expect(formatShortAge(now + 9 * 60_000, now)).toBe('now')
    expect(formatShortAge(now + 11 * 60_000, now)).toBe('FUTURE')
    expect(formatShortAge(Number.NaN, now)).toBe('?')
  })

  it('shows local time as Date does, also around the change of clocks', () => {
    for (let hours = 0; hours < 24 * 400; hours += 7) {
      const date = new Date(Date.UTC(2026, 0, 1, hours, 23))
      const [year, ...rest] = [
        date.getFullYear(),
        date.getMonth() + 1,
        date.getDate(),
        date.getHours(),
        date.getMinutes(),
      ]
      const [month, day, hour, minute] = rest.map((value) => String(value).padStart(2, '0'))
      expect(formatLocalTime(date.getTime())).toBe(`${year}-${month}-${day} ${hour}:${minute}`)
    }
    expect(formatLocalTime(Number.NaN)).toBe('?')
  })
})

describe('text', () => {
  it('takes the sting out of what could move a terminal', () => {
    expect(plainText('a\u001b[2Jb\u0007\r\u202e')).toBe('a\\x1b[2Jb\\x07\\x0d\\u202e')
    expect(plainText('line\nline\ttab ü 日本')).toBe('line\nline\ttab ü 日本')
  })

  it('counts columns and cuts by them', () => {
    expect(widthOf('日本')).toBe(4)
    expect(fit('persist/uploads', 9)).toBe('persist/…')
    expect(widthOf(fit('日本日本', 5))).toBeLessThanOrEqual(5)
    expect(fit('abc', 3)).toBe('abc')
  })
})

describe('tables', () => {
  const rows = [{ part: 'persist/uploads-of-everyone', size: '1.2 GiB', why: 'because' }]
  const table = (columns?: number) =>
    formatTable(
      rows,
      [
        { title: 'PART', value: ({ part }) => part, shrinks: true },
        { title: 'SIZE', value: ({ size }) => size, align: 'right' },
        { title: 'WHY', value: ({ why }) => why, optional: 1 },
      ],
      columns,
    )

  it('shows everything where nothing limits it', () => expect(table()).toContain('1.2 GiB  because'))

  it.each([20, 30, 40, 60])('fits into %d columns, leaving out the least first', (columns) => {
    const lines = table(columns).trimEnd().split('\n')
    expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(columns)
    expect(lines[1]).toContain('1.2 GiB')
    expect(lines[1]?.includes('because')).toBe(columns >= 46)
  })

  it('keeps a cell on its line', () => {
    const text = formatTable([{ text: 'two\nlines\u001b[31m' }], [{ title: 'T', value: ({ text }) => text }])
    expect(text).toBe('T\ntwo lines\\x1b[31m\n')
  })
})
