import { formatBytes, formatDuration } from '../output/format.ts'
import { plainText, type Style } from '../output/style.ts'
import { fit, pad, widthOf } from '../output/width.ts'
import type { PartState, Picture } from './picture.ts'

export interface Screen {
  columns: number
  rows: number
  style: Style
  symbols: Symbols
}

export interface Symbols {
  spinner: readonly string[]
  done: string
  failed: string
  skipped: string
  full: string
  empty: string
  ellipsis: string
}

const unicode: Symbols = {
  spinner: ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'],
  done: '✓',
  failed: '✗',
  skipped: '-',
  full: '█',
  empty: '░',
  ellipsis: '…',
}

const ascii: Symbols = {
  spinner: ['|', '/', '-', '\\'],
  done: '+',
  failed: 'x',
  skipped: '-',
  full: '#',
  empty: '.',
  ellipsis: '~',
}

/** Symbols that the terminal of this environment can show. */
export function symbolsFor(env: NodeJS.ProcessEnv): Symbols {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || ''
  return /utf-?8/i.test(locale) || process.platform === 'darwin' ? unicode : ascii
}

const barWidth = 16
const widestName = 32

/**
 * The picture as lines, none wider than the screen and no more than it has rows. `frame` counts redraws and turns the
 * spinner; undefined for a last picture, in which nothing turns. `now` in milliseconds.
 */
export function render(picture: Picture, frame: number | undefined, now: number, screen: Screen): string[] {
  const { columns, rows, style, symbols } = screen
  const spin = frame === undefined ? symbols.skipped : (symbols.spinner[frame % symbols.spinner.length] ?? '*')
  const lines: string[] = []
  const limit = columns - 1
  if (picture.phase !== undefined) lines.push(fit(`${spin} ${plainText(picture.phase)}`, limit, symbols.ellipsis))
  const parts = [...picture.parts.values()]
  const room = Math.max(1, rows - 2 - lines.length)
  const shown = parts.length <= room ? parts : mostTelling(parts, room - 1)
  const nameWidth = Math.min(widestName, Math.floor(limit / 2), Math.max(0, ...shown.map(({ part }) => widthOf(part))))
  for (const part of shown) lines.push(renderPart(part, spin, nameWidth, now, limit, style, symbols))
  const hidden = parts.length - shown.length
  if (hidden > 0) lines.push(style.dim(fit(`  and ${hidden} more`, limit, symbols.ellipsis)))
  return lines
}

/** When not all fit: what failed, then what runs, then the rest. */
function mostTelling(parts: readonly PartState[], room: number): PartState[] {
  const failed = parts.filter(({ state }) => state === 'failed')
  const running = parts.filter(({ state }) => state === 'running')
  const rest = parts.filter((part) => !failed.includes(part) && !running.includes(part))
  return [...failed, ...running, ...rest].slice(0, Math.max(0, room))
}

function renderPart(
  part: PartState,
  spin: string,
  nameWidth: number,
  now: number,
  limit: number,
  style: Style,
  symbols: Symbols,
): string {
  const name = pad(fit(part.part, nameWidth, symbols.ellipsis), nameWidth)
  const facts = factsOf(part, now, limit - nameWidth - 6, symbols)
  const text = fit(`${name}  ${facts}`, limit - 4, symbols.ellipsis)
  return `  ${mark(part.state, spin, style, symbols)} ${text}`
}

function mark(state: PartState['state'], spin: string, style: Style, symbols: Symbols): string {
  if (state === 'done') return style.good(symbols.done)
  if (state === 'failed') return style.bad(symbols.failed)
  if (state === 'skipped') return style.dim(symbols.skipped)
  return spin
}

/** Bytes first, for they fit anywhere; bar, rate and time as far as there is room. */
function factsOf(part: PartState, now: number, room: number, symbols: Symbols): string {
  if (part.state === 'failed')
    return part.message === undefined ? 'failed' : plainText(part.message.split('\n')[0] ?? '')
  if (part.state === 'skipped') return plainText(part.message ?? 'skipped')
  const elapsed = (part.endedAt ?? now) - part.startedAt
  const total = part.totalBytes
  const amount =
    total === undefined || part.state === 'done'
      ? formatBytes(part.bytes)
      : `${formatBytes(part.bytes)} / ${formatBytes(total)}`
  const bar = total === undefined || part.state === 'done' ? undefined : barOf(part.bytes / Math.max(1, total), symbols)
  const rate = elapsed >= 1000 && part.bytes > 0 ? `${formatBytes((part.bytes / elapsed) * 1000)}/s` : undefined
  const time = elapsed >= 1000 ? formatDuration(elapsed) : undefined
  const said = part.message === undefined ? undefined : plainText(part.message)
  const choices = said
    ? [[amount, said], [said]]
    : [[bar, amount, rate, time], [amount, rate, time], [amount, rate], [amount]]
  const texts = choices.map((words) => words.filter((word) => word !== undefined).join('  '))
  return texts.find((text) => widthOf(text) <= room) ?? fit(formatBytes(part.bytes), room, symbols.ellipsis)
}

function barOf(share: number, symbols: Symbols): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * barWidth)
  return symbols.full.repeat(filled) + symbols.empty.repeat(barWidth - filled)
}
