import type { WriteStream } from 'node:tty'
import { plainText, type Style } from '../output/style.ts'
import { widthOf } from '../output/width.ts'
import { setAnimation } from '../surface.ts'
import { blank, type Picture, withEvent } from './picture.ts'
import type { Display } from './progress.ts'
import { render, symbolsFor } from './render.ts'

/** At most ten pictures a second, in milliseconds. */
const interval = 100
const clearToEnd = '\u001b[0J'

/**
 * Redraws a picture of the operation at the end of the terminal. The cursor stays visible and below the picture, so
 * that nothing has to be put right however the process ends.
 */
export function live(terminal: WriteStream, style: Style, now: () => number): Display {
  const symbols = symbolsFor(process.env)
  let picture: Picture = blank
  let drawn: readonly string[] = []
  let frame = 0
  let timer: NodeJS.Timeout | undefined

  /** Moves to where the picture begins. A window made narrower since has wrapped its lines into more rows. */
  function home(): string {
    const columns = terminal.columns || 80
    const rows = drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(visibleWidth(line) / columns)), 0)
    drawn = []
    return rows === 0 ? '' : `\r\u001b[${rows}A${clearToEnd}`
  }

  function draw(before = ''): void {
    const top = home()
    const screen = { columns: terminal.columns || 80, rows: terminal.rows || 24, style, symbols }
    drawn = render(picture, timer && frame, now(), screen)
    terminal.write(top + before + drawn.map((line) => `${line}\n`).join(''))
  }

  function start(): void {
    if (timer) return
    setAnimation({ above: (text) => draw(text.endsWith('\n') ? text : `${text}\n`) })
    timer = setInterval(() => {
      frame++
      draw()
    }, interval)
    timer.unref()
    draw()
  }

  return {
    onProgress: (event) => {
      if (event.type === 'warning') return
      picture = withEvent(picture, event, now())
      start()
      if (event.type === 'note') draw(`${plainText(event.message)}\n`)
    },
    end: (how) => {
      if (!timer) return
      clearInterval(timer)
      timer = undefined
      setAnimation(undefined)
      if (how === 'keep') draw()
      else terminal.write(home())
      drawn = []
      picture = blank
    },
  }
}

function visibleWidth(line: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape sequences of our own styles
  return widthOf(line.replace(/\u001b\[[0-9;]*m/g, ''))
}
