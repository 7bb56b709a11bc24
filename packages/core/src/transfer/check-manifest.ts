import { z } from 'zod'
import { type SnapshotManifest, snapshotFormat } from '../contract/index.ts'
import { AngeeError } from '../errors/index.ts'

const bytes = z.int().min(0)
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/)
const partId = z.string().regex(/^(persist|service|secrets)\/[A-Za-z0-9][A-Za-z0-9._-]*$/)
const time = z.iso.datetime()
const digested = z.looseObject({ bytes, digest })
const text = z.string()

const part = z.looseObject({
  part: partId,
  kind: z.enum(['tree', 'stream']),
  raw: digested,
  stored: digested,
  tree: z
    .looseObject({
      digest,
      bytes,
      entries: z.looseObject({
        file: bytes,
        directory: bytes,
        symlink: bytes,
        hardlink: bytes,
        fifo: bytes,
        device: bytes,
      }),
    })
    .optional(),
  encryption: z.looseObject({ method: z.literal('age'), recipients: z.array(text), compressed: digested }).optional(),
})

/** Fields that a later version adds to this format are let through. */
const manifestShape = z.looseObject({
  format: z.int().min(1).max(snapshotFormat),
  id: z.string().regex(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/),
  name: text.min(1).optional(),
  labels: z.record(text, text),
  createdAt: time,
  finishedAt: time,
  status: z.enum(['complete', 'partial']),
  purpose: z.enum(['manual', 'safety', 'schedule']),
  stack: z.looseObject({ name: text, root: text, host: text }),
  tool: z.looseObject({ name: text, version: text }),
  parts: z.array(part),
  missing: z.array(z.looseObject({ part: partId, message: text })),
  excluded: z.array(z.looseObject({ part: partId, path: text, reason: text })),
  includesSecrets: z.literal(true).optional(),
  warnings: z.array(z.looseObject({ part: text, kind: text, message: text, path: text.optional() })),
})

/**
 * Refuses a manifest that no angee would have written: its seal is right whoever made it, and what is stored in a
 * backend is believed from then on. SNAPSHOT_CORRUPT names the field.
 */
export function checkManifest(manifest: SnapshotManifest): void {
  const { error } = manifestShape.safeParse(manifest)
  const issue = error?.issues[0]
  if (issue) throw odd(`${issue.path.map(String).join('.')}: ${issue.message}`)
  const ids = manifest.parts.map((one) => one.part)
  const twice = ids.find((id, index) => ids.indexOf(id) !== index)
  if (twice !== undefined) throw odd(`${twice} is there twice`)
  const treeless = manifest.parts.find(({ kind, tree }) => (kind === 'tree') !== (tree !== undefined))
  if (treeless) throw odd(`${treeless.part} is a ${treeless.kind}, and its tree digest says otherwise`)
  const secret = ids.some((id) => id.startsWith('secrets/'))
  if (secret && manifest.includesSecrets !== true) throw odd('it holds secrets and does not say so')
}

function odd(problem: string): AngeeError {
  return new AngeeError('SNAPSHOT_CORRUPT', `the manifest of the snapshot is not one that angee writes: ${problem}`, {
    hint: 'Do not trust this snapshot. Use another one.',
  })
}
