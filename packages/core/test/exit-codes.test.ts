import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { errorCodes, exitCodes } from '../src/errors/index.ts'

describe('docs/exit-codes.md', () => {
  const page = readFileSync(new URL('../../../docs/exit-codes.md', import.meta.url), 'utf8')

  it('names every error code with its exit code and HTTP status, and no other', () => {
    const rows = [...page.matchAll(/^\| `([A-Z_]+)` +\| (\d+) +\| (\d+) +\| \S/gm)]
    const documented = rows.map(([, code, exit, http]) => [code, { exit: Number(exit), http: Number(http) }])
    expect(Object.fromEntries(documented)).toEqual(errorCodes)
  })

  it('explains every exit code there is, and no other', () => {
    const rows = [...page.matchAll(/^\| (\d+) +\| \S/gm)].map(([, exit]) => Number(exit))
    const used = new Set([...Object.values(errorCodes).map(({ exit }) => exit), ...Object.values(exitCodes)])
    expect(new Set(rows)).toEqual(used)
  })
})
