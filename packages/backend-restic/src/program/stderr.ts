/** What a restic has said on stderr so far: lines of JSON, and lines for people. */
export interface Sayings {
  /** Why it ended, or undefined while it has not said. */
  exitError?: string
  /** Problems with single files, in the order they came; the first ones only. */
  errors: { message: string; item?: string }[]
  /** Everything else, the last lines only. */
  lines: string[]
  /** The storage's last problem that restic means to get over by itself. */
  retrying?: string
}

const mostErrors = 20
const mostLines = 50

export function noSayings(): Sayings {
  return { errors: [], lines: [] }
}

/** Sorts one line of stderr. True when it tells of a retry, false when one has worked, else undefined. */
export function hear(sayings: Sayings, line: string): boolean | undefined {
  const message = parse(line)
  if (message) {
    remember(sayings, message)
    return undefined
  }
  if (line.trim() === '') return undefined
  sayings.lines.push(line)
  if (sayings.lines.length > mostLines) sayings.lines.shift()
  if (/returned error, retrying after /.test(line)) {
    sayings.retrying = line.replace(/, retrying after [^:]*/, '')
    return true
  }
  if (!/operation successful after \d+ retries/.test(line)) return undefined
  delete sayings.retrying
  return false
}

interface Message {
  message_type?: string
  message?: string
  item?: string
  error?: { message?: string }
}

function remember(sayings: Sayings, { message_type: type, message, error, item }: Message): void {
  if (type === 'exit_error') sayings.exitError = message ?? ''
  const problem = type === 'error' ? (error?.message ?? message) : undefined
  if (problem === undefined || sayings.errors.length >= mostErrors) return
  sayings.errors.push({ message: problem.trim(), ...(item === undefined ? {} : { item }) })
}

function parse(line: string): Message | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    return JSON.parse(line) as Message
  } catch {
    return undefined
  }
}
