import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach } from 'vitest'

const made: string[] = []

/** A new directory that goes when the test ends. The system's own `rm` removes it, however deep the test went. */
export function temporary(...names: string[]): string {
  return temporaryIn(tmpdir(), ...names)
}

/** The same on the file system of `place`. */
export function temporaryIn(place: string, ...names: string[]): string {
  const root = mkdtempSync(join(realpathSync(place), 'angee-archive-'))
  made.push(root)
  const directory = join(root, ...names)
  mkdirSync(directory, { recursive: true })
  return directory
}

afterEach(() => {
  if (made.length > 0) execFileSync('rm', ['-rf', ...made.splice(0)])
})
