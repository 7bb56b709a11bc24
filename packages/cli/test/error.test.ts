import { AngeeError } from '@angee/core/errors'
import { describe, expect, it } from 'vitest'
import { errorDocument, exitCodeOf, formatError } from '../src/output/error.ts'
import { styleFor, wantsColor } from '../src/output/style.ts'

const style = styleFor(false)

describe('errors', () => {
  it('gives message, next step and code, and the exit code of the table', () => {
    const error = new AngeeError('LOCKED', 'the stack is locked', { hint: 'Wait.', context: { pid: 7 } })
    expect(formatError(error, style, false)).toBe('error: the stack is locked\nhint: Wait.\n(LOCKED)\n')
    expect(errorDocument(error)).toEqual({
      type: 'error',
      code: 'LOCKED',
      message: 'the stack is locked',
      hint: 'Wait.',
      context: { pid: 7 },
      exitCode: 11,
    })
  })

  it('calls a bug a bug, and shows where only on request', () => {
    const error = new TypeError('x is not a function', { cause: new Error('deep down') })
    expect(exitCodeOf(error)).toBe(1)
    expect(formatError(error, style, false)).toMatch(/x is not a function\. This is a bug.*\nhint: .*ANGEE_DEBUG=1/)
    expect(formatError(error, style, false)).not.toContain('error.test.ts')
    expect(formatError(error, style, true)).toMatch(/error\.test\.ts[\s\S]*caused by Error: deep down/)
  })

  it('does not call it a bug when the operating system refuses', () => {
    const refused = Object.assign(new Error("EACCES: permission denied, open '/x'"), {
      code: 'EACCES',
      syscall: 'open',
    })
    expect(formatError(refused, style, false)).toMatch(/^error: EACCES: permission denied, open '\/x'\nhint: Run as/)
    expect(errorDocument(refused).context).toEqual({ errno: 'EACCES' })
  })

  it('lets no error move the terminal', () => {
    expect(formatError(new AngeeError('HOOK_FAILED', 'stderr: \u001b]0;title\u0007'), style, false)).not.toContain(
      '\u001b',
    )
  })
})

describe('colours', () => {
  it('are for terminals, and for nobody who said no', () => {
    expect(wantsColor(true, true, {})).toBe(true)
    expect(wantsColor(false, true, {})).toBe(false)
    expect(wantsColor(true, false, {})).toBe(false)
    expect(wantsColor(true, true, { NO_COLOR: '1' })).toBe(false)
    expect(wantsColor(true, true, { TERM: 'dumb' })).toBe(false)
  })
})
