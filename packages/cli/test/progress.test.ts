import type { ProgressEvent } from '@angee/core'
import { describe, expect, it } from 'vitest'
import { styleFor } from '../src/output/style.ts'
import { widthOf } from '../src/output/width.ts'
import { jsonLines } from '../src/progress/json-lines.ts'
import { blank, withEvent } from '../src/progress/picture.ts'
import { plainLines } from '../src/progress/plain-lines.ts'
import { startProgress } from '../src/progress/progress.ts'
import { render, symbolsFor } from '../src/progress/render.ts'
import { surfaceFor } from '../src/surface.ts'

const symbols = symbolsFor({ LANG: 'C.UTF-8' })
const mebibyte = 1 << 20

function part(name: string, state: 'started' | 'progress' | 'done' | 'failed', bytes = 0, rest = {}): ProgressEvent {
  return { type: 'part', part: name, state, bytes, ...rest }
}

function pictureOf(...events: [at: number, event: ProgressEvent][]) {
  return events.reduce((picture, [at, event]) => withEvent(picture, event, at), blank)
}

const busy = pictureOf(
  [0, { type: 'phase', phase: 'capture', message: 'capturing 4 parts of a stack with a long description' }],
  [0, part('persist/uploads-of-every-customer-we-ever-had', 'started')],
  [0, part('service/database', 'started')],
  [0, part('persist/app', 'started')],
  [0, part('persist/broken', 'started')],
  [
    4000,
    part('persist/uploads-of-every-customer-we-ever-had', 'progress', 300 * mebibyte, { totalBytes: 600 * mebibyte }),
  ],
  [4000, part('service/database', 'progress', 40 * mebibyte)],
  [4000, part('persist/app', 'done', mebibyte)],
  [4000, part('persist/broken', 'failed', 0, { message: 'cannot read data/x\nsecond line' })],
)

describe('the picture on a terminal', () => {
  it.each([40, 80, 120])('has no line wider than %d columns and names every part', (columns) => {
    const lines = render(busy, 3, 5000, { columns, rows: 24, style: styleFor(false), symbols })
    expect(lines).toHaveLength(5)
    for (const line of lines) expect(widthOf(line)).toBeLessThan(columns)
    for (const [index, start] of ['persist/uploads', 'service/databas', 'persist/app', 'persist/broken'].entries()) {
      expect(lines[index + 1]).toContain(start)
    }
    expect(lines[1]).toContain('300 MiB')
    expect(lines[2]).toContain('40.0 MiB')
  })

  it('shows bar, rate and time as far as there is room', () => {
    const at = (columns: number) =>
      render(busy, 0, 5000, { columns, rows: 24, style: styleFor(false), symbols })[1] ?? ''
    expect(at(120)).toContain('████████░░░░░░░░  300 MiB / 600 MiB  60.0 MiB/s  5.0 s')
    expect(at(80)).toContain('300 MiB / 600 MiB  60.0 MiB/s')
    expect(at(40)).not.toContain('█')
  })

  it('shows the first line of why a part failed', () => {
    const lines = render(busy, 0, 5000, { columns: 120, rows: 24, style: styleFor(false), symbols })
    expect(lines[4]).toContain('✗ persist/broken')
    expect(lines[4]).toContain('cannot read data/x')
    expect(lines[4]).not.toContain('second')
  })

  it('never has more lines than the terminal, and keeps what fails and runs in sight', () => {
    const many = Array.from({ length: 50 }, (_, index): [number, ProgressEvent] => [
      0,
      part(`persist/p${index}`, 'done', 1),
    ])
    const picture = pictureOf(...many, [0, part('persist/last', 'started')], [0, part('persist/bad', 'failed')])
    const lines = render(picture, 0, 0, { columns: 80, rows: 10, style: styleFor(false), symbols })
    expect(lines.length).toBeLessThan(10)
    expect(lines.join('\n')).toMatch(/persist\/bad[\s\S]*persist\/last[\s\S]*and \d+ more/)
  })

  it('turns its spinner with each frame, and not in the last picture', () => {
    const screen = { columns: 80, rows: 24, style: styleFor(false), symbols }
    expect(render(busy, 0, 0, screen)[0]).not.toBe(render(busy, 1, 0, screen)[0])
    expect(render(busy, undefined, 0, screen)[0]).toMatch(/^- capturing/)
  })

  it('speaks ASCII where the terminal does', () => {
    const screen = { columns: 120, rows: 24, style: styleFor(false), symbols: symbolsFor({ LANG: 'C' }) }
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is what is tested
    expect(render(busy, 0, 5000, screen).join('')).toMatch(process.platform === 'darwin' ? /./ : /^[\u0000-\u007f]*$/)
  })

  it('begins anew with each phase', () => {
    expect(withEvent(busy, { type: 'phase', phase: 'commit', message: 'next' }, 0).parts.size).toBe(0)
  })
})

describe('a part that has not changed', () => {
  const said = part('persist/app', 'done', mebibyte, { message: 'unchanged since 01JDBZ00000000000000000000' })

  it('says so in the picture, as far as there is room', () => {
    const at = (columns: number) =>
      render(pictureOf([0, said]), undefined, 0, { columns, rows: 24, style: styleFor(false), symbols }).join('')
    expect(at(100)).toContain('1.0 MiB  unchanged since 01JDBZ00000000000000000000')
    expect(at(62)).toContain('persist/app  unchanged since 01JDBZ00000000000000000000')
    expect(at(30)).toContain('1.0 MiB')
  })

  it('says so in its line', () => {
    const lines: string[] = []
    plainLines(
      (line) => lines.push(line),
      () => 0,
    ).onProgress(said)
    expect(lines).toEqual(['persist/app: done, 1.0 MiB, unchanged since 01JDBZ00000000000000000000\n'])
  })
})

describe('elsewhere', () => {
  it('prints a line for what happens, and at most one in thirty seconds for what goes on', () => {
    let now = 0
    let text = ''
    const display = plainLines(
      (line) => {
        text += line
      },
      () => now,
    )
    display.onProgress({ type: 'phase', phase: 'capture', message: 'capturing' })
    display.onProgress(part('persist/app', 'started'))
    for (now = 0; now <= 65_000; now += 100) display.onProgress(part('persist/app', 'progress', now))
    display.onProgress(part('persist/app', 'done', 2 * mebibyte))
    display.onProgress({ type: 'note', message: 'with \u001b[2J' })
    expect(text.split('\n')).toEqual([
      'capturing',
      'persist/app: 29.3 KiB so far',
      'persist/app: 58.6 KiB so far',
      'persist/app: done, 2.0 MiB in 1 min 5 s',
      'with \\x1b[2J',
      '',
    ])
  })

  it('gives a program every event but no flood of them', () => {
    let now = 0
    const lines: string[] = []
    const display = jsonLines(
      (line) => lines.push(line),
      () => now,
    )
    display.onProgress(part('persist/app', 'started'))
    for (now = 0; now < 10_000; now += 10) display.onProgress(part('persist/app', 'progress', now))
    display.onProgress(part('persist/app', 'done'))
    const states = lines.map((line) => JSON.parse(line).state)
    expect([states[0], states.at(-1)]).toEqual(['started', 'done'])
    expect(states.filter((state) => state === 'progress')).toHaveLength(20)
  })

  it('remembers each warning once, for the end', () => {
    const progress = startProgress(surfaceFor({ quiet: true }), 'none')
    const warning = { part: 'persist/app', kind: 'not-kept', message: 'an attribute' } as const
    progress.onProgress({ type: 'warning', warning })
    progress.onProgress({ type: 'warning', warning: { ...warning } })
    progress.onProgress({ type: 'warning', warning: { ...warning, path: 'x' } })
    expect(progress.warnings).toHaveLength(2)
  })
})
