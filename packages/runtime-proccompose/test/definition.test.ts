import { describe, expect, it } from 'vitest'
import { pairs, parseEnvFile } from '../src/definition/env-file.ts'
import { expand } from '../src/definition/expand.ts'

describe('environment files', () => {
  it.each([
    ['A=a#b', { A: 'a#b' }],
    ['A=a #b', { A: 'a' }],
    ['export A=1\n\n# no\nB=2', { A: '1', B: '2' }],
    ['A=\'x # $Y "z"\' # c', { A: 'x # $Y "z"' }],
    ['A="x\\ny \\"q\\" #" ', { A: 'x\ny "q" #' }],
    ['A="one\ntwo"\nB=3', { A: 'one\ntwo', B: '3' }],
    ['A=\nB=2', { A: '', B: '2' }],
    ['A = spaced  ', { A: 'spaced' }],
    ['A=http://h/?a=b&c=d\r\nB=2\r\n', { A: 'http://h/?a=b&c=d', B: '2' }],
    ["A='open", { A: "'open" }],
  ])('reads %j', (text, values) => {
    expect(parseEnvFile(text)).toEqual(values)
  })

  it('splits pairs at the first equals sign', () => {
    expect(pairs(['A=b=c', 'D=', 'nothing', '=x'])).toEqual({ A: 'b=c', D: '' })
  })

  it('substitutes as process-compose does', () => {
    expect(expand('$A/${A}/$$A/${NONE}/${NONE:-else}.', { A: 'v' })).toBe('$A/v/$A//else.')
    expect(expand('a\\\\b\\/c\\n', {})).toBe('a\\b/c\\n')
  })
})
