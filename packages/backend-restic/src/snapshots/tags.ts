import { hostname } from 'node:os'
import type { PartId } from '@angee/core'
import { AngeeError } from '@angee/core'

/*
 * What every restic snapshot of ours is tagged with. restic splits tags at commas, so no value holds one.
 *
 * angee-snapshot=<ID>                   the snapshot it belongs to
 * angee-writer=<host>:<pid>:<token>     who wrote it: so that nobody takes it for garbage meanwhile
 * angee-part=<part>                     a part; or
 * angee-boot=<boot id>                  of a part: during which start of the machine it was read
 * angee-manifest=<bytes>                the manifest: the commit. A shorter one was cut off when its writer was killed.
 */

const idForm = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/

/** Who writes a snapshot. The token tells apart the writers of one process. */
export interface Writer {
  host: string
  pid: number
  token: string
}

/** What the tags of a restic snapshot of ours say. */
export interface OurTags {
  id: string
  writer: Writer | undefined
  part?: string
  boot?: string
  manifestBytes?: number
}

/** The id in upper case. SNAPSHOT_NOT_FOUND for what cannot be one. */
export function requireId(id: string): string {
  const upper = id.toUpperCase()
  if (idForm.test(upper)) return upper
  throw new AngeeError('SNAPSHOT_NOT_FOUND', `"${id}" is no snapshot id`, {
    hint: 'List those there are: angee stack backup ls',
  })
}

export function writerOfThisProcess(token: string): Writer {
  return { host: hostname(), pid: process.pid, token }
}

export function partTags(id: string, writer: Writer, part: PartId, boot: string | undefined): string {
  const booted = boot === undefined ? [] : [`angee-boot=${boot}`]
  return [...commonTags(id, writer), `angee-part=${part}`, ...booted].join(',')
}

export function manifestTags(id: string, writer: Writer, bytes: number): string {
  return [...commonTags(id, writer), `angee-manifest=${bytes}`].join(',')
}

function commonTags(id: string, { host, pid, token }: Writer): string[] {
  return [`angee-snapshot=${id}`, `angee-writer=${encodeURIComponent(host)}:${pid}:${token}`]
}

/** Undefined for a restic snapshot that is not ours. */
export function readTags(tags: readonly string[]): OurTags | undefined {
  const value = (name: string): string | undefined =>
    tags.find((tag) => tag.startsWith(`${name}=`))?.slice(name.length + 1)
  const id = value('angee-snapshot')
  const part = value('angee-part')
  const bytes = value('angee-manifest')
  const boot = value('angee-boot')
  if (id === undefined || !idForm.test(id) || (part === undefined) === (bytes === undefined)) return undefined
  return {
    id,
    writer: readWriter(value('angee-writer')),
    ...(part === undefined ? {} : { part }),
    ...(boot === undefined ? {} : { boot }),
    ...(bytes === undefined ? {} : { manifestBytes: Number(bytes) }),
  }
}

function readWriter(text: string | undefined): Writer | undefined {
  const [, host = '', pid, token = ''] = /^([^:]*):(\d+):([^:]*)$/.exec(text ?? '') ?? []
  return pid === undefined ? undefined : { host: decodeURIComponent(host), pid: Number(pid), token }
}
