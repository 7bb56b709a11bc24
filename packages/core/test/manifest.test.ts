import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { manifestJsonSchema, parseManifest } from '../src/manifest/index.ts'

function problem(yaml: string): { message: string; hint: string; code: string } {
  try {
    parseManifest(yaml, 'angee.yaml')
  } catch (error) {
    const { message, hint, code } = error as { message: string; hint: string; code: string }
    return { message, hint, code }
  }
  throw new Error('the manifest was accepted')
}

describe('manifest', () => {
  it('has defaults for everything but what it must be told', () => {
    const manifest = parseManifest('services: { db: { backup: { dump: d, restore: [r, -x] } } }', 'angee.yaml')
    expect(manifest).toMatchObject({
      backend: { type: 'localfs', options: {} },
      secretsFile: '.env',
      services: [
        {
          name: 'db',
          runtime: 'container',
          hook: { dump: 'd', restore: ['r', '-x'], quiesce: 'none', timeout: 43_200_000 },
        },
      ],
    })
  })

  it('knows further backends by name', () => {
    const text = 'backup: { backends: { offsite: { type: s3, bucket: b }, usb: { type: localfs } } }'
    expect(parseManifest(text, 'angee.yaml').backends).toEqual({
      offsite: { type: 's3', options: { bucket: 'b' } },
      usb: { type: 'localfs', options: {} },
    })
  })

  it('accepts an empty file', () => {
    expect(parseManifest('', 'angee.yaml').persist).toEqual([])
  })

  it('loads the keys of other tools loosely', () => {
    const text =
      'version: 1\nkind: stack\noperator: { url: x }\nworkspaces: { a: { template: t } }\nvolumes: {}\nports: {}\nsecrets: {}\nservices: { web: { image: i, mounts: [a], env: { A: b } } }'
    expect(parseManifest(text, 'angee.yaml').services).toHaveLength(1)
  })

  it.each([
    ['perist: { a: { subpath: x } }', 'angee.yaml:1:1', 'unknown key perist', 'Did you mean "persist"?'],
    [
      'services:\n  db:\n    bakcup: { dump: d, restore: r }',
      'angee.yaml:3:5',
      'unknown key services.db.bakcup',
      'Did you mean "backup"?',
    ],
    [
      'services:\n  db:\n    backup:\n      dump: d\n      restor: r',
      'angee.yaml:5:7',
      'unknown key services.db.backup.restor',
      'Did you mean "restore"?',
    ],
    [
      'services:\n  db:\n    backup:\n      dump: d',
      'angee.yaml:4:7',
      'services.db.backup.restore is missing',
      'Add "restore:" there.',
    ],
    [
      'services:\n  db:\n    backup: { dump: d, restore: r, cover: [x] }',
      'angee.yaml:3:36',
      'unknown key services.db.backup.cover',
      'Did you mean "covers"?',
    ],
    [
      'backup:\n  bakends: { offsite: { type: s3 } }',
      'angee.yaml:2:3',
      'unknown key backup.bakends',
      'Did you mean "backends"?',
    ],
    [
      'backup:\n  backends:\n    offsite: { path: x }',
      'angee.yaml:3:14',
      'backup.backends.offsite.type is missing',
      'Add "type:" there.',
    ],
    [
      'backup:\n  backends:\n    default: { type: s3 }',
      'angee.yaml:3:14',
      '"default" is backup_backend itself',
      'Correct backup.backends.default.',
    ],
    [
      'persist:\n  a: { subpth: x, subpath: y }',
      'angee.yaml:2:8',
      'unknown key persist.a.subpth',
      'Did you mean "subpath"?',
    ],
    [
      'services:\n  db:\n    runtime: contaner',
      'angee.yaml:3:14',
      '"contaner" is not one of container, local',
      'services.db.runtime',
    ],
    [
      'services: { db: { backup: { dump: d, restore: r, timeout: 1 hour } } }',
      'angee.yaml:1:59',
      'write a number and a unit',
      'services.db.backup.timeout',
    ],
    [
      'services: { db: { backup: { dump: 3, restore: r } } }',
      'angee.yaml:1:35',
      '3 is neither a command in a shell',
      'services.db.backup.dump',
    ],
    ['backup: { schedule: "0 3 * *" }', 'angee.yaml:1:21', 'it has 4 of 5 fields', 'Correct backup.schedule'],
    [
      'backup: { schedule: { drill: "61 * * * *" } }',
      'angee.yaml:1:30',
      'Invalid value for minute: 61',
      'schedule.drill',
    ],
    ['backup: { schedule: { verify: "0 0 31 2 *" } }', 'angee.yaml:1:31', 'a time that never comes', 'schedule.verify'],
    ['backup: { schedule: { backups: "0 3 * * *" } }', 'angee.yaml:1:23', 'unknown key', 'Did you mean "backup"?'],
    ['backup: { schedule: 5 }', 'angee.yaml:1:21', '5 is neither a cron expression', 'Correct backup.schedule'],
    [
      'backup: { webhooks: [{ url: "ftp://x", secret: "${secret.A}" }] }',
      'angee.yaml:1:29',
      'http:// or https://',
      'url',
    ],
    [
      'backup: { webhooks: [{ url: "https://x", secret: "hunter2" }] }',
      'angee.yaml:1:50',
      'write ${secret.NAME}',
      'secret',
    ],
    [
      'backup: { webhooks: [{ uri: "https://x", secret: "${secret.A}" }] }',
      'angee.yaml:1:24',
      'unknown key',
      'Did you mean "url"?',
    ],
    ['backup: { timezone: Europe/Berlim }', 'angee.yaml:1:21', 'is no time zone', 'Correct backup.timezone'],
    ['persist: { "a b": { subpath: x } }', 'angee.yaml:1:', 'use letters, digits', 'Correct'],
    ['persist: [a]', 'angee.yaml:1:10', 'a list should be a block of keys', 'Correct persist'],
    ['a: b: c', 'angee.yaml:1:', 'Nested mappings', 'Correct the YAML'],
  ])('says where and what to write instead: %s', (yaml, where, message, hint) => {
    const found = problem(yaml)
    expect(found.code).toBe('MANIFEST_INVALID')
    expect(found.message).toContain(where)
    expect(found.message).toContain(message)
    expect(found.hint).toContain(hint)
  })

  it('has a JSON schema for editors that is the one checked in', () => {
    const stored: unknown = JSON.parse(readFileSync(new URL('../schema/angee.schema.json', import.meta.url), 'utf8'))
    expect(stored).toEqual(JSON.parse(JSON.stringify(manifestJsonSchema())))
  })
})
