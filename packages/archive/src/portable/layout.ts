import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import type { Digested, ExportContents, StoredPart } from '@angee/core'
import { sealedJson } from '../backend/json.ts'
import { partKey, repositoryKey } from '../backend/keys.ts'
import { newRepository } from '../backend/repository.ts'

/*
 * An export file is a tar archive of regular files, in this order and with nothing else:
 *
 * README                            how to restore by hand
 * export.json                       who wrote it, and the digests of the three documents around it
 * stack/angee.yaml                  the stack as it was when the file was written
 * repository.json                   from here on: what lies in a directory of localfs
 * snapshots/<id>/parts/…
 * snapshots/<id>/manifest.json      last
 */
export const readmeName = 'README'
export const exportName = 'export.json'
export const definitionName = 'stack/angee.yaml'

/** The newest layout this version writes and reads. */
export const exportFormat = 1

/** What stands in `export.json`, beside its own digest. */
export interface ExportDocument {
  format: number
  snapshot: string
  exportedAt: string
  tool: { name: string; version: string }
  node: string
  host: string
  /** Of the members that carry no digest of their own. */
  files: Record<string, Digested>
}

/** The members before the snapshot, in order. */
export function leadingDocuments(contents: ExportContents): [name: string, bytes: Buffer][] {
  const readme = Buffer.from(readmeOf(contents))
  const definition = Buffer.from(contents.definition)
  const repository = newRepository()
  const { manifest, exportedAt, tool, host } = contents
  const document: ExportDocument = {
    format: exportFormat,
    snapshot: manifest.id,
    exportedAt,
    tool,
    node: process.versions.node,
    host,
    files: {
      [readmeName]: digestOf(readme),
      [definitionName]: digestOf(definition),
      [repositoryKey]: digestOf(repository),
    },
  }
  return [
    [readmeName, readme],
    [exportName, sealedJson(document)],
    [definitionName, definition],
    [repositoryKey, repository],
  ]
}

export function digestOf(bytes: Buffer): Digested {
  return { bytes: bytes.length, digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}` }
}

function readmeOf({ manifest, exportedAt, tool }: ExportContents): string {
  const { id, stack, createdAt, parts } = manifest
  return `Snapshot ${id} of the stack ${JSON.stringify(stack.name)}, taken ${createdAt}.
Exported ${exportedAt} by ${tool.name} ${tool.version}. Nothing in this file is encrypted.

With angee, in a stack:

    angee stack backup import FILE
    angee stack restore ${id}

Without angee, with tar and zstd alone. FILE is the file that you have this text from:

    mkdir unpacked && tar -xf FILE -C unpacked && cd unpacked

${parts.map((part) => byHand(id, part)).join('\n\n')}

"unpacked" is then also a directory that angee reads snapshots from:

    backup_backend: { type: localfs, path: /path/of/unpacked }

stack/angee.yaml is the definition of the stack when this was exported, without secrets. The digest behind each part
above is that of what zstd gives: compare it with the output of "zstd -dc … | sha256sum". Owners need root.
`
}

function byHand(id: string, part: StoredPart): string {
  const name = part.part.replace('/', '.')
  const unpacked = `zstd -dc ${partKey(id, { part: part.part, kind: part.kind })}`
  const digest = `# ${part.part}: ${part.raw.digest}`
  if (part.kind === 'stream') return `    ${digest}\n    ${unpacked} > ${name}.dump`
  return `    ${digest}\n    mkdir ${name} && ${unpacked} | tar -xpf - -C ${name}`
}
