import { describe, expect, it } from 'vitest'
import { listingOptions } from '../src/listing.ts'
import { buildProgram } from '../src/program.ts'

/** What the parser makes of the words. The command itself is not run: its stack does not exist. */
async function parsed(argv: readonly string[]): Promise<unknown> {
  const program = buildProgram(() => undefined)
  await program.parseAsync(argv, { from: 'user' }).catch(() => undefined)
  return program.opts()
}

describe('a list without the parser', () => {
  const words = ['--json', '-q', '--quiet', '--no-color', '--root /nosuch', '-o yaml', '--output name']
  const lines = words.flatMap((one) => [one, ...words.map((other) => `${one} ${other}`)])

  it('is understood as the parser understands it', async () => {
    for (const line of ['--root /nosuch', ...lines]) {
      const argv = ['stack', 'backup', 'ls', ...line.split(' ')]
      const withRoot = line.includes('--root') ? argv : [...argv, '--root', '/nosuch']
      expect({ line, options: listingOptions(withRoot) }).toEqual({ line, options: await parsed(withRoot) })
    }
  })

  it.each(['', '--help', '-o', '--root', '-o xml', '-ojson', '--root=/x', 'nightly', '--jsno'])(
    'leaves "%s" to the parser',
    (rest) => {
      const argv = ['stack', 'backup', 'ls', ...rest.split(' ')]
      expect(listingOptions(argv)).toBeUndefined()
    },
  )

  it('leaves other commands to the parser', () => {
    expect(listingOptions(['stack', 'backup'])).toBeUndefined()
    expect(listingOptions(['--json', 'stack', 'backup', 'ls'])).toBeUndefined()
    expect(listingOptions(['stack', 'backup', 'ls'])).toEqual({ color: true })
  })
})
