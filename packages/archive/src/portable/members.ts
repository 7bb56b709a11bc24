import { Buffer } from 'node:buffer'
import { readSync } from 'node:fs'
import { AngeeError } from '@angee/core/errors'
import { repositoryKey } from '../backend/keys.ts'
import { decodeMember } from '../tar/decode.ts'
import { padded } from '../tar/format.ts'
import { definitionName, exportName, readmeName } from './layout.ts'
import { memberHeader } from './member.ts'

/** Where the data of a member lies in the file. */
export interface MemberPlace {
  start: number
  bytes: number
}

const leading = [readmeName, exportName, definitionName, repositoryKey]
const partName = /^snapshots\/([0-7][0-9A-HJKMNP-TV-Z]{25})\/parts\/[A-Za-z0-9][A-Za-z0-9._-]*$/
const manifestName = /^snapshots\/([0-7][0-9A-HJKMNP-TV-Z]{25})\/manifest\.json$/

/**
 * Every member of an export file of `size` bytes by its name, and the id of the snapshot. Reads nothing but headers, and
 * accepts what `createExport` writes and nothing else: each byte that is no data is compared. ARCHIVE_CORRUPT,
 * ARCHIVE_HOSTILE.
 */
export function readMembers(descriptor: number, size: number): { members: Map<string, MemberPlace>; id: string } {
  let position = 0
  let header: Buffer[] = []
  const take = (bytes: number): Buffer => {
    const piece = readAt(descriptor, position, bytes, size)
    position += bytes
    header.push(piece)
    return piece
  }
  const members = new Map<string, MemberPlace>()
  let id: string | undefined
  let ended = false
  for (let member = decodeMember({ take }); member; member = decodeMember({ take })) {
    const { entry, dataBytes } = member
    const name = entry.path
    if (ended) throw hostile(`${name} stands behind the manifest`)
    if (!Buffer.concat(header).equals(memberHeader(name, dataBytes, entry.mtimeNs)))
      throw hostile(`${name} is no plain file`)
    const found = idIn(name, members.size)
    if (members.has(name) || (found !== undefined && id !== undefined && found !== id))
      throw hostile(`${name} is too many`)
    id ??= found
    ended = manifestName.test(name)
    members.set(name, { start: position, bytes: dataBytes })
    position += dataBytes
    header = []
    if (!take(padded(dataBytes) - dataBytes).every((byte) => byte === 0))
      throw corrupt(`something stands behind ${name}`)
    header = []
  }
  if (id === undefined || !ended) throw corrupt('it holds no whole snapshot')
  if (position !== size) throw corrupt(`${size - position} bytes follow its end`)
  return { members, id }
}

/** The snapshot that the member of that name, with so many before it, belongs to. ARCHIVE_HOSTILE for any other name. */
function idIn(name: string, before: number): string | undefined {
  const expected = leading[before]
  if (expected !== undefined) {
    if (name === expected) return undefined
    throw hostile(`${JSON.stringify(name)} stands where ${expected} should`)
  }
  const [, id] = partName.exec(name) ?? manifestName.exec(name) ?? []
  if (id !== undefined) return id
  throw hostile(`it holds ${JSON.stringify(name)}`)
}

function readAt(descriptor: number, position: number, bytes: number, size: number): Buffer {
  if (position + bytes > size) throw corrupt(`it ends after ${size} bytes`)
  const piece = Buffer.alloc(bytes)
  for (let filled = 0; filled < bytes; ) {
    const read = readSync(descriptor, piece, filled, bytes - filled, position + filled)
    if (read === 0) throw corrupt(`it ends after ${position + filled} bytes`)
    filled += read
  }
  return piece
}

function corrupt(problem: string): AngeeError {
  return new AngeeError('ARCHIVE_CORRUPT', problem)
}

function hostile(problem: string): AngeeError {
  return new AngeeError('ARCHIVE_HOSTILE', problem)
}
