import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { setInYaml } from '../src/workspace/yaml-text.ts'

/** Lines of `before` that `after` does not have any more. */
function lost(before: string, after: string): string[] {
  const kept = after.split('\n')
  return before.split('\n').filter((line) => line !== '' && !kept.includes(line))
}

const value = { subpath: './x' }

describe('setting a value in YAML text', () => {
  it.each([
    ['a new key of a block', 'persist:\n  a: { subpath: ./a } # why\n\n# next\nname: x\n'],
    ['a block with comments after it', 'name: x\npersist:\n  a:\n    subpath: "./a"   # odd   spacing\n  # end\n'],
    ['no such key', '# head\nname:   "x"\n'],
    ['nothing below the key', 'persist: # later\nname: x\n'],
    ['the key at the end', 'name: x\npersist:'],
    ['no line break at the end', 'name: x'],
    ['four spaces', 'persist:\n    a: {subpath: ./a}\nname: x\n'],
    ['a block of text before', 'about: |\n  one\n  two\npersist:\n  a: { subpath: ./a }\n'],
    ['a list that is not indented', 'list:\n- a\n- b\n'],
  ])('keeps every line: %s', (_, text) => {
    const edited = setInYaml(text, ['persist', 'new'], value)
    expect(lost(text, edited)).toEqual([])
    const { persist = {}, ...rest } = parse(text)
    expect(parse(edited)).toEqual({ ...rest, persist: { ...persist, new: value } })
  })

  it.each([
    ['an empty map in braces', 'persist: {} # none\nname: x\n'],
    ['a map in braces', 'persist: { a: { subpath: ./a } }\nname: x # y\n'],
    ['nothing at all', ''],
    ['a comment alone', '# nothing yet\n'],
    ['with an anchor', 'base: &b { subpath: ./b }\npersist:\n  a: *b\n'],
    ['quoted keys', '"persist":\n  "a": { subpath: ./a }\n'],
  ])('says what it should: %s', (_, text) => {
    const edited = setInYaml(text, ['persist', 'new'], value)
    const { persist = {}, ...rest } = parse(text) ?? {}
    expect(parse(edited)).toEqual({ ...rest, persist: { ...persist, new: value } })
    for (const comment of text.match(/#.*/g) ?? []) expect(edited).toContain(comment)
  })

  it('replaces a value where it stands', () => {
    const text = 'jobs:\n  load:\n    restore: { snapshot: latest, stack: ../.. } # the data\n    x: 1\n'
    const edited = setInYaml(text, ['jobs', 'load', 'restore', 'snapshot'], '01ABC')
    expect(edited).toBe(text.replace('latest', '01ABC'))
    const added = setInYaml(edited, ['jobs', 'load', 'restore', 'only'], ['persist/a'])
    expect(parse(added).jobs.load.restore).toEqual({ snapshot: '01ABC', stack: '../..', only: ['persist/a'] })
    expect(added).toContain('# the data')
  })

  it('makes all keys that lead there', () => {
    expect(parse(setInYaml('jobs:\n  a: { x: 1 }\n', ['jobs', 'b', 'restore', 'snapshot'], 'S'))).toEqual({
      jobs: { a: { x: 1 }, b: { restore: { snapshot: 'S' } } },
    })
  })
})
