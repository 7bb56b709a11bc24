import { describe, expect, it } from 'vitest'
import { parseManifest } from '../src/manifest/index.ts'
import { resolveScope, type ScopePart } from '../src/scope/index.ts'

const layout = { root: '', backend: 'backups' }

function scopeOf(yaml: string, where = layout): ScopePart[] {
  return resolveScope(parseManifest(yaml, 'angee.yaml'), where)
}

const hook = 'backup: { dump: dump-it, restore: restore-it }'

describe('scope', () => {
  it('is exactly the persist entries and the services with a hook', () => {
    const scope = scopeOf(`
persist:
  uploads: { subpath: ./data/uploads }
  settings: { subpath: etc }
services:
  db: { ${hook} }
  web: { image: nginx }
  worker: { runtime: local }
`)
    expect(scope.map(({ id }) => id)).toEqual(['persist/uploads', 'persist/settings', 'service/db'])
  })

  it('gives a service without a hook nothing to contribute', () => {
    expect(scopeOf('services: { web: { image: nginx, volumes: ["./data:/data"] } }')).toEqual([])
  })

  it('is a pure function: the same manifest gives the same scope', () => {
    const yaml = `persist: { a: { subpath: a } }\nservices: { db: { ${hook} } }`
    expect(scopeOf(yaml)).toEqual(scopeOf(yaml))
  })

  it('captures nested entries once, as parts of their own', () => {
    const scope = scopeOf(`
persist:
  app-data: { subpath: ./data }
  chrome-profile: { subpath: ./data/chrome }
  chrome-cache: { subpath: data/chrome/cache/ }
`)
    const excludes = scope.map(
      (part) => part.kind === 'tree' && part.exclude.map(({ path, reason }) => `${path}:${reason}`),
    )
    expect(excludes).toEqual([['chrome:nested'], ['cache:nested'], []])
  })

  it('leaves out covered entries, also inside an outer entry', () => {
    const scope = scopeOf(`
persist:
  app-data: { subpath: ./data }
  pgdata: { subpath: ./data/pgdata }
services:
  db: { backup: { dump: d, restore: r, covers: [pgdata] } }
`)
    expect(scope.map(({ id }) => id)).toEqual(['persist/app-data', 'service/db'])
    expect(scope[0]).toMatchObject({ exclude: [{ path: 'pgdata', reason: 'covered' }] })
    expect(scope[1]).toMatchObject({ covers: ['data/pgdata'] })
  })

  it('always leaves out the secrets file, run/ and the backend directory', () => {
    const [part] = scopeOf('secrets_backend: { type: env-file, path: secrets/.env }\npersist: { all: { subpath: . } }')
    expect(part).toMatchObject({
      path: '',
      exclude: [
        { path: 'run', reason: 'run' },
        { path: 'secrets/.env', reason: 'secrets' },
        { path: 'backups', reason: 'backend' },
      ],
    })
  })

  it('knows that in a .angee stack subpaths start at the parent', () => {
    const [part] = scopeOf('persist: { all: { subpath: ./ } }', { root: '.angee', backend: '.angee/backups' })
    expect(part?.kind === 'tree' && part.exclude.map(({ path }) => path)).toEqual([
      '.angee/run',
      '.angee/.env',
      '.angee/backups',
    ])
  })

  it.each(['../outside', '/etc', 'data/../../up', '..'])('refuses a persist entry that escapes: %s', (subpath) => {
    expect(() => scopeOf(`persist: { bad: { subpath: "${subpath}" } }`)).toThrow(
      expect.objectContaining({ code: 'SCOPE_ESCAPES_ROOT', hint: expect.stringContaining('below the stack') }),
    )
  })

  it('does not take a name that merely begins alike for a nested one', () => {
    const scope = scopeOf('persist: { a: { subpath: data }, b: { subpath: data-2 } }')
    expect(scope.map((part) => part.kind === 'tree' && part.exclude)).toEqual([[], []])
  })

  it('refuses two entries on one directory, and an entry that is never captured', () => {
    expect(() => scopeOf('persist: { a: { subpath: data }, b: { subpath: ./data/ } }')).toThrow(/same directory "data"/)
    expect(() => scopeOf('persist: { a: { subpath: backups/x } }')).toThrow(/never captured \(backend\)/)
    expect(() => scopeOf('persist: { a: { subpath: run } }')).toThrow(/never captured \(run\)/)
  })

  it('suggests the entry that covers means', () => {
    expect(() =>
      scopeOf(
        'persist: { pgdata: { subpath: p } }\nservices: { db: { backup: { dump: d, restore: r, covers: [pgdate] } } }',
      ),
    ).toThrow(
      expect.objectContaining({ code: 'MANIFEST_INVALID', hint: expect.stringContaining('Did you mean "pgdata"?') }),
    )
  })
})
