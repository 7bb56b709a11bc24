import { stripVTControlCharacters } from 'node:util'
import { writeErr, writeOut } from './output/streams.ts'
import { type Style, styleFor, wantsColor } from './output/style.ts'

export const outputFormats = ['table', 'json', 'yaml', 'name'] as const
type OutputFormat = (typeof outputFormats)[number]

/** The options every command takes, as parsed. */
export interface GlobalOptions {
  root?: string
  operator?: string
  operatorTokenFile?: string
  output?: OutputFormat
  json?: true
  quiet?: true
  color?: boolean
  yes?: true
}

/** Where one run of the program talks to its user: what they asked for, and the two streams. */
export interface Surface {
  readonly root: string | undefined
  /** The operator that is to do it, instead of this process. */
  readonly operator: { url: string; tokenFile: string | undefined } | undefined
  readonly format: OutputFormat
  readonly quiet: boolean
  readonly yes: boolean
  readonly debug: boolean
  /** Whether stderr may be animated. */
  readonly animated: boolean
  /** Whether a person can be asked. */
  readonly interactive: boolean
  /** Width of the terminal behind stdout; undefined when nothing there needs fitting. */
  readonly columns: number | undefined
  readonly style: { out: Style; err: Style }
  /** Writes a result to stdout. */
  out(text: string): void
  /** Writes to stderr, above whatever is animated there. */
  err(text: string): void
  /** The same, unless the user asked for quiet. */
  note(text: string): void
}

/** Something animated at the end of stderr, that makes room for other text. */
export interface Animation {
  above(text: string): void
}

let animation: Animation | undefined

/** Says what is animated on stderr now, or that nothing is any more. */
export function setAnimation(now: Animation | undefined): void {
  animation = now
}

/**
 * The surface of this process for these options. Node makes each of its streams when it is first looked at, and that
 * costs: so none is looked at before it is needed.
 */
export function surfaceFor(options: GlobalOptions, env: NodeJS.ProcessEnv = process.env): Surface {
  const format = options.json ? 'json' : (options.output ?? 'table')
  const quiet = options.quiet === true
  const isPlain = env['TERM'] === 'dumb' || (env['CI'] ?? '') !== ''
  const styleOf = (isTerminal: boolean): Style => styleFor(wantsColor(isTerminal, options.color ?? true, env))
  const err = (text: string): void => {
    if (animation) animation.above(text)
    else writeErr(text)
  }
  return {
    root: options.root,
    operator:
      options.operator === undefined ? undefined : { url: options.operator, tokenFile: options.operatorTokenFile },
    format: quiet && format === 'table' ? 'name' : format,
    quiet,
    yes: options.yes === true,
    debug: (env['ANGEE_DEBUG'] ?? '') !== '',
    get animated() {
      return !isPlain && !quiet && process.stderr.isTTY === true
    },
    get interactive() {
      return process.stdin.isTTY === true && process.stderr.isTTY === true
    },
    get columns() {
      return process.stdout.isTTY ? process.stdout.columns : undefined
    },
    style: {
      get out() {
        return styleOf(process.stdout.isTTY === true)
      },
      get err() {
        return styleOf(process.stderr.isTTY === true)
      },
    },
    out: writeOut,
    err,
    note: (text) => {
      if (!quiet) err(text)
    },
  }
}

/** A command line for the user to type, with the `--root` or the `--operator` they gave to this one. */
export function commandLine({ root, operator }: Pick<Surface, 'root'> & Partial<Surface>, words: string): string {
  const place = [
    ...(root === undefined ? [] : ['--root', shellWord(root)]),
    ...(operator === undefined ? [] : ['--operator', shellWord(operator.url)]),
  ]
  return ['angee', words, ...place].join(' ')
}

/** `text` as one word of a shell. */
export function shellWord(text: string): string {
  const clean = stripVTControlCharacters(text)
  return /^[A-Za-z0-9_/.,:@%+=-]+$/.test(clean) ? clean : `'${clean.replaceAll("'", `'\\''`)}'`
}
