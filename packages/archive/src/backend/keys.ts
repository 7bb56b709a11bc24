import type { StoredPart } from '@angee/core'
import { AngeeError } from '@angee/core/errors'

/*
 * <prefix>/repository.json
 * <prefix>/snapshots/<id>/writing.json              while it is being written
 * <prefix>/snapshots/<id>/parts/persist.<name>.tar.zst
 * <prefix>/snapshots/<id>/parts/service.<name>.zst  and with .age behind it where it is encrypted
 * <prefix>/snapshots/<id>/manifest.json             written last: this is the commit
 */
export const repositoryKey = 'repository.json'
export const snapshotsPrefix = 'snapshots/'

const idForm = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/

/** The prefix of everything of one snapshot. SNAPSHOT_NOT_FOUND for what cannot be an id. */
export function snapshotPrefix(id: string): string {
  const upper = id.toUpperCase()
  if (idForm.test(upper)) return `${snapshotsPrefix}${upper}/`
  throw new AngeeError('SNAPSHOT_NOT_FOUND', `"${id}" is no snapshot id`, {
    hint: 'List those there are: angee stack backup ls',
  })
}

export function manifestKey(id: string): string {
  return `${snapshotPrefix(id)}manifest.json`
}

export function writingKey(id: string): string {
  return `${snapshotPrefix(id)}writing.json`
}

/** What decides where a part lies: only whether it is encrypted, not how. */
export type PartPlace = Pick<StoredPart, 'part' | 'kind'> & { encryption?: object | undefined }

/** Where a part lies or is to lie. PART_UNKNOWN for what cannot be a part id. */
export function partKey(id: string, { part, kind, encryption }: PartPlace): string {
  const [, group, name] = /^(persist|service|secrets)\/([A-Za-z0-9][A-Za-z0-9._-]*)$/.exec(part) ?? []
  if (group === undefined || name === undefined) throw new AngeeError('PART_UNKNOWN', `"${part}" is no part id`)
  const suffix = `${kind === 'tree' ? '.tar' : ''}.zst${encryption ? '.age' : ''}`
  return `${snapshotPrefix(id)}parts/${group}.${name}${suffix}`
}

/** The snapshot id and the rest of a key, or undefined for a key that is not one of ours. */
export function parseKey(key: string): { id: string; rest: string } | undefined {
  const [top, id = '', ...rest] = key.split('/')
  if (`${top}/` !== snapshotsPrefix || !idForm.test(id) || rest.length === 0) return undefined
  return { id, rest: rest.join('/') }
}
