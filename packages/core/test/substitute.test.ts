import { describe, expect, it } from 'vitest'
import { substitute, substituteSecrets } from '../src/substitute/index.ts'

const values: Record<string, string> = {
  name: 'Fix 123',
  'ports.web': '8200',
  'inputs.branch': 'Feature/Déjà Vu__2!',
  'inputs.empty': '',
  'inputs.mail': 'jo@example.org',
}
const lookup = (path: readonly string[]) => values[path.join('.')]
const done = (text: string) => substitute(text, lookup, 'services.web.env.X')

describe('substitution', () => {
  it.each([
    ['http://localhost:${ports.web}/', 'http://localhost:8200/'],
    ['${ ports.web }', '8200'],
    ['${name | slug}', 'fix-123'],
    ['${inputs.branch | slug | truncate(11)}', 'feature-dej'],
    ['${inputs.branch | slug | truncate(8)}x', 'featurex'],
    ['${inputs.branch|lower}', 'feature/déjà vu__2!'],
    ['${inputs.branch | upper | replace("/", "-")}', 'FEATURE-DÉJÀ VU__2!'],
    ['${inputs.none | default("a, b")}', 'a, b'],
    ["${inputs.empty | default('x')}", 'x'],
    ['${inputs.none | default(bare word)}', 'bare word'],
    ['${inputs.mail | local_part}', 'jo'],
    ['${inputs.mail | b64encode}', Buffer.from('jo@example.org').toString('base64')],
    ['a$${ports.web}b', 'a${ports.web}b'],
    ['${HOME}/x ${A:-b} $HOME $$ ${1} ${#a} ${a//b/c}', '${HOME}/x ${A:-b} $HOME $$ ${1} ${#a} ${a//b/c}'],
    ['', ''],
  ])('%s', (text, expected) => {
    expect(done(text)).toBe(expected)
  })

  it.each([
    ['${inputs.none}', /inputs\.none.* has no value/],
    ['${inputs.none | required("which branch?")}', /which branch\?/],
    ['${inputs.none | required}', /a value is required/],
    ['${ports.web | slugg}', /no filter "slugg"/],
    ['${ports.web | replace("a")}', /takes 2 arguments/],
    ['${ports.web | truncate(x)}', /no length/],
    ['${ports.web | }', /is no filter/],
  ])('%s is refused, with the place', (text, words) => {
    expect(() => done(text)).toThrow(words)
    expect(() => done(text)).toThrow(/^services\.web\.env\.X/)
  })

  it('keeps secrets by name, and refuses them where their value would be seen', () => {
    const secrets = (path: readonly string[]) => (path[0] === 'secret' ? { secret: path[1] ?? '' } : lookup(path))
    const text = substituteSecrets('postgres://app:${secret.db-password}@h:${ports.web}', secrets, 'x')
    expect(text).toEqual(['postgres://app:', { secret: 'db-password' }, '@h:8200'])
    expect(() => substituteSecrets('${secret.a | upper}', secrets, 'x')).toThrow(/filter/)
  })
})
