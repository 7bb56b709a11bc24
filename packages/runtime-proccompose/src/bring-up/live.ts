import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { parse } from 'yaml'
import { compiledText } from '../compile/document.ts'
import { environmentEnd, type Home } from '../home.ts'

/*
 * The server does not run the prepared file itself but one of angee's own, beside it: what the prepared file says of the
 * services that have been brought up since, and what it said before of those that have not. So `up` changes those it is
 * told to, and no others.
 */

interface LiveDocument {
  processes: Record<string, Record<string, unknown>>
  [key: string]: unknown
}

export interface LiveChange {
  /** The file as the server shall read it. */
  text: string
  /** Services whose processes are made anew or taken away by it. */
  changed: string[]
}

/** What bringing `names` to what the prepared file says makes of the live one. Undefined when nothing changes. */
export async function liveChange(
  prepared: string,
  before: string | undefined,
  names: readonly string[],
  home: Home,
): Promise<LiveChange | undefined> {
  const wanted = await withDigests(documentOf(prepared), home)
  const current = before === undefined ? {} : documentOf(before).processes
  const stays = (name: string) => current[name] !== undefined && !names.includes(name)
  const processes = Object.fromEntries(
    Object.entries(wanted.processes).map(([name, process]) => [
      name,
      stays(name) ? (current[name] ?? process) : process,
    ]),
  )
  const text = compiledText({ ...wanted, processes })
  if (text === before) return undefined
  const changed = Object.keys(current).filter(
    (name) => JSON.stringify(current[name]) !== JSON.stringify(processes[name]),
  )
  return { text, changed }
}

function documentOf(text: string): LiveDocument {
  return parse(text) as LiveDocument
}

/**
 * A process is made anew as well when what it takes in has changed. process-compose compares descriptions, so that is
 * where the digest stands; and in a file of mode 0600, because a short secret can be guessed from it.
 */
async function withDigests(document: LiveDocument, home: Home): Promise<LiveDocument> {
  const entries = Object.entries(document.processes).map(async ([name, process]) => {
    const taken = await readFile(`${home.service(name)}${environmentEnd}`).catch(() => undefined)
    if (taken === undefined) return [name, process]
    const digest = createHash('sha256').update(taken).digest('hex')
    return [name, { ...process, description: `${process['description'] ?? ''}[${digest.slice(0, 16)}]` }]
  })
  return { ...document, processes: Object.fromEntries(await Promise.all(entries)) }
}
