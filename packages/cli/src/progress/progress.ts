import type { ProgressEvent, Warning } from '@angee/core'
import { guard } from '../output/streams.ts'
import type { Surface } from '../surface.ts'
import { jsonLines } from './json-lines.ts'
import { live } from './live.ts'
import { plainLines } from './plain-lines.ts'

/** Shows what an operation tells of itself. */
export interface Display {
  onProgress(event: ProgressEvent): void
  /** The operation is over: `keep` leaves the last picture where it is, `erase` makes room for the result. */
  end(how: 'keep' | 'erase'): void
}

export interface Progress extends Display {
  /** Every warning told so far, each once. */
  readonly warnings: readonly Warning[]
}

/** The display that fits: an animation on a terminal, JSON lines where a program listens, plain lines elsewhere. */
export function startProgress(surface: Surface, events: 'lines' | 'none'): Progress {
  const display = choose(surface, events)
  const warnings = new Map<string, Warning>()
  return {
    get warnings() {
      return [...warnings.values()]
    },
    onProgress: (event) => {
      if (event.type === 'warning') warnings.set(JSON.stringify(event.warning), event.warning)
      display.onProgress(event)
    },
    end: (how) => display.end(how),
  }
}

function choose(surface: Surface, events: 'lines' | 'none'): Display {
  if (surface.format === 'json' && events === 'lines') return jsonLines((line) => surface.out(line), Date.now)
  if (surface.quiet) return { onProgress: () => undefined, end: () => undefined }
  if (surface.animated) return live(guard(process.stderr), surface.style.err, Date.now)
  return plainLines((line) => surface.err(line), Date.now)
}
