import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { provisionedFact } from '@angee/testkit'
import { cheapenKey } from './cheap-key.ts'

export const program = provisionedFact('RESTIC') ?? 'restic'
/** Planted: it must be found nowhere. */
export const password = 'canary-password-5f1c'

let template: string | undefined

/** Makes an empty repository whose key is quickly computed. */
export function emptyRepository(directory: string): void {
  template ??= makeTemplate()
  cpSync(template, directory, { recursive: true, preserveTimestamps: true })
}

function makeTemplate(): string {
  const scratch = mkdtempSync(join(tmpdir(), 'angee-restic-template-'))
  process.once('exit', () => rmSync(scratch, { recursive: true, force: true }))
  const repository = join(scratch, 'repository')
  restic(repository, ['init', '--no-cache'])
  cheapenKey(repository, password, program)
  return repository
}

/** A restic whose `init` makes a repository in a directory by copying an empty one whose key is quickly computed. */
export function programOfCheapKeys(): string {
  template ??= makeTemplate()
  const path = join(template, '../restic')
  const script = `#!/bin/sh
place="\${RESTIC_REPOSITORY#local:}"
if [ "$1" = init ] && [ "$place" != "$RESTIC_REPOSITORY" ]; then
  mkdir -p "$(dirname "$place")" && exec cp -r '${template}' "$place"
fi
exec '${program}' "$@"
`
  writeFileSync(path, script, { mode: 0o700 })
  return path
}

/** What restic itself says of a repository; a test's own eyes. */
export function restic(repository: string, words: readonly string[], input?: Uint8Array): string {
  return execFileSync(program, words, {
    env: { ...process.env, RESTIC_REPOSITORY: repository, RESTIC_PASSWORD: password },
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    ...(input === undefined ? {} : { input }),
  })
}

export interface Stored {
  id: string
  tags?: string[]
  paths: string[]
  tree: string
  summary?: Record<string, unknown>
}

export function snapshotsIn(repository: string): Stored[] {
  return JSON.parse(restic(repository, ['snapshots', '--json', '--no-lock', '--no-cache'])) as Stored[]
}

/** The ids of the locks there are. */
export function locksIn(repository: string): string[] {
  return restic(repository, ['list', 'locks', '--no-lock', '--no-cache'])
    .split('\n')
    .filter((line) => line !== '')
}

/** The processes that run on that repository now: this machine shows what they were started with. */
export function runningOn(repository: string): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    const environment = unlessGone(() => readFileSync(`/proc/${name}/environ`, 'utf8'))
    const own = environment?.split('\0').some((one) => one === `RESTIC_REPOSITORY=local:${repository}`)
    return own ? [Number(name)] : []
  })
}

function unlessGone<Value>(read: () => Value): Value | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
