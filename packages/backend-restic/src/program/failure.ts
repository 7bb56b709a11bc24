import { AngeeError, type AngeeErrorDetails, type ErrorCode } from '@angee/core'
import type { RepositoryPlace } from '../repository/place.ts'
import type { Sayings } from './stderr.ts'

/** How a restic ended. */
export interface Ending {
  /** `backup`, `restore`, …: what it was started for. */
  command: string
  exitCode: number | undefined
  signal: string | undefined
  sayings: Sayings
}

interface Meaning {
  code: ErrorCode
  hint: (place: RepositoryPlace) => string
  retry?: AngeeErrorDetails['retry']
}

const interrupted: Meaning = { code: 'INTERRUPTED', hint: () => 'Run it again.', retry: 'now' }

/** The exit codes restic promises since 0.17 (its scripting documentation); 0 is no failure, any other is read by its words. */
const exitMeanings: Readonly<Record<number, Meaning>> = {
  10: {
    code: 'REPOSITORY_NOT_FOUND',
    hint: () => "The first backup makes the repository. If there should be one: check the backend's repository.",
  },
  11: {
    code: 'LOCKED',
    hint: () => 'Run again when it is done. Locks of processes that are no more are removed by the next backup.',
    retry: 'later',
  },
  12: {
    code: 'CREDENTIAL_WRONG',
    hint: () => "Check the backend's password (or password_file, password_command). Nothing has been changed.",
  },
  130: interrupted,
}

const unknown: Meaning = { code: 'BACKEND_FAILED', hint: () => 'restic said no; its words are above.' }
const damage: Meaning = {
  code: 'SNAPSHOT_CORRUPT',
  hint: () => 'Use another snapshot, check the storage, and see "restic check --read-data" and "restic repair".',
}
const unavailable: Meaning = {
  code: 'BACKEND_UNAVAILABLE',
  hint: ({ location }) => `Check that ${location} can be reached from here, then run again.`,
  retry: 'later',
}

/** The words of restic and of the storage behind it, the first that matches counts. */
const wordMeanings: readonly [RegExp, Meaning][] = [
  // Somebody pressed Ctrl-C, and restic heard it before us.
  [/context canceled/, interrupted],
  [
    /no space left|quota exceeded|\(507\)|insufficient storage/i,
    {
      code: 'SPACE_INSUFFICIENT',
      hint: ({ location }) => `Free space at ${location}, for example: angee stack backup rm`,
      retry: 'later',
    },
  ],
  [
    /resolving password failed|empty password is not allowed/i,
    {
      code: 'CREDENTIAL_WRONG',
      hint: () => "Set the backend's password, password_file or password_command.",
    },
  ],
  [
    /\(401\)|unauthorized|InvalidAccessKeyId|SignatureDoesNotMatch|invalid credentials|access key.*(not exist|invalid)/i,
    {
      code: 'CREDENTIAL_WRONG',
      hint: () => "Check user and password of the repository URL, or the keys in the backend's environment.",
    },
  ],
  [
    /ciphertext verification failed|invalid data returned|is damaged|not found in repository|repository contains errors|no matching ID found|hash mismatch|does not match id|unexpected end of|file is too short|unexpected file size|tree .*not found/i,
    damage,
  ],
  [
    /(ReadFull\(|Load(Raw)?\(|failed to load snapshot).*(no such file or directory|does not exist|\(404\)|NoSuchKey|not found)/i,
    damage,
  ],
  [
    /read-only file system|append.only|(Save|Remove)\(.*(permission denied|not permitted|access ?denied|\(403\)|forbidden)|(mkdir|create repository|unable to save|unable to remove).*(permission denied|not permitted|access ?denied|\(403\)|forbidden)/i,
    {
      code: 'BACKEND_READ_ONLY',
      hint: ({ location }) => `Give this user the right to write ${location}, or use another repository.`,
    },
  ],
  [
    /permission denied|not permitted|access ?denied|\(403\)|forbidden/i,
    { code: 'BACKEND_UNAVAILABLE', hint: ({ location }) => `Give this user the right to read ${location}.` },
  ],
  [
    /connection (refused|reset|closed)|no such host|i\/o timeout|timeout|deadline exceeded|unreachable|no route to host|x509|tls:|broken pipe|\bEOF\b|\(5\d\d\)|unable to open repository|invalid backend|not a directory|request was canceled|error talking HTTP to rclone|sftp session|server misbehaving/i,
    unavailable,
  ],
]

/** What restic's words mean, or undefined when they mean nothing known. */
export function meaningOf(words: string): Meaning | undefined {
  return wordMeanings.find(([pattern]) => pattern.test(words))?.[1]
}

/** The error for a restic that did not end well: its own words, under the code they stand for. */
export function failure(ending: Ending, place: RepositoryPlace): AngeeError {
  const words = place.hide(wordsOf(ending))
  // Interrupted because retrying had no point, it says 130; what it had retried says why.
  const byCode = ending.sayings.retrying === undefined ? exitMeanings[ending.exitCode ?? -1] : undefined
  const meaning = byCode ?? meaningOf(words) ?? unknown
  return new AngeeError(meaning.code, `restic ${ending.command} failed at ${place.location}: ${words}`, {
    hint: meaning.hint(place),
    context: { command: ending.command, exitCode: ending.exitCode ?? null, signal: ending.signal ?? null },
    ...(meaning.retry === undefined ? {} : { retry: meaning.retry }),
  })
}

/** Trouble of the storage says more than that restic was stopped because of it. */
function wordsOf({ exitCode, signal, sayings }: Ending): string {
  const { exitError, errors, lines, retrying } = sayings
  if (retrying !== undefined) return retrying
  const said = [
    ...errors.map(({ message, item }) => (item === undefined ? message : `${item}: ${message}`)).slice(0, 3),
  ]
  if (exitError !== undefined) said.push(exitError.replace(/^Fatal: /, ''))
  const words = said.join('; ').trim() || lines.slice(-3).join('; ').trim()
  return words || (signal === undefined ? `it ended with exit code ${exitCode}` : `it was ended by ${signal}`)
}
