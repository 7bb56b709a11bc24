import { z } from 'zod'
import { defineRoute } from './route.ts'
import { onlyParts, pageQuery, queryFlag, snapshotReference } from './schemas/common.ts'
import { operation } from './schemas/operation.ts'
import { scopeSummary, snapshotDetails, snapshotPage } from './schemas/snapshot.ts'

const accepted = { status: 202, description: 'It will be done', schema: operation } as const
const ofOne = z.strictObject({ id: snapshotReference })
const labelKey = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/)
const level = z.enum(['quick', 'full']).default('full').meta({
  description: 'quick: every stored object is there with its length. full: every byte is read',
})
const backendName = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/)
  .meta({ description: '"default", or a name under backup.backends of angee.yaml' })

export const takeBackup = defineRoute({
  id: 'takeBackup',
  method: 'post',
  path: '/stack/backup',
  group: 'backups',
  summary: 'Take a snapshot',
  scope: 'backup',
  body: z.strictObject({
    name: z.string().max(100).optional().meta({ description: 'To restore it by' }),
    labels: z.record(labelKey, z.string().max(1000)).optional(),
    only: onlyParts,
    allow_partial: z.boolean().default(false).meta({ description: 'Keep the rest when a part fails' }),
    include_secrets: z.boolean().default(false).meta({ description: 'Only where snapshots are encrypted' }),
    reuse: z.boolean().default(true).meta({ description: 'false: read every file again' }),
  }),
  answer: accepted,
})

export const planBackup = defineRoute({
  id: 'planBackup',
  method: 'post',
  path: '/stack/backup/plan',
  group: 'backups',
  summary: 'What a snapshot would hold; checks all that can be checked before',
  scope: 'read',
  body: z.strictObject({ only: onlyParts, include_secrets: z.boolean().default(false) }),
  answer: { status: 200, description: 'What it would hold', schema: scopeSummary },
})

export const listBackups = defineRoute({
  id: 'listBackups',
  method: 'get',
  path: '/stack/backups',
  group: 'backups',
  summary: 'List snapshots',
  scope: 'read',
  query: z.strictObject({
    ...pageQuery,
    order: z.enum(['newest', 'oldest']).default('newest').meta({ description: 'What comes first' }),
  }),
  answer: { status: 200, description: 'A page of them', schema: snapshotPage },
})

export const showBackup = defineRoute({
  id: 'showBackup',
  method: 'get',
  path: '/stack/backups/{id}',
  group: 'backups',
  summary: 'What a snapshot holds, read from the backend',
  scope: 'read',
  params: ofOne,
  answer: { status: 200, description: 'Its manifest', schema: snapshotDetails },
})

export const removeBackup = defineRoute({
  id: 'removeBackup',
  method: 'delete',
  path: '/stack/backups/{id}',
  group: 'backups',
  summary: 'Remove a snapshot for ever',
  scope: 'prune',
  params: ofOne,
  query: z.strictObject({ force: queryFlag.meta({ description: 'Also a safety snapshot that is still needed' }) }),
  answer: accepted,
})

export const verifyBackup = defineRoute({
  id: 'verifyBackup',
  method: 'post',
  path: '/stack/backups/{id}/verify',
  group: 'backups',
  summary: 'Read a snapshot back and compare every digest',
  scope: 'backup',
  params: ofOne,
  body: z.strictObject({ level }),
  answer: accepted,
})

export const verifyBackups = defineRoute({
  id: 'verifyBackups',
  method: 'post',
  path: '/stack/backups/verify',
  group: 'backups',
  summary: 'The same of several snapshots, or of every one in the backend',
  scope: 'backup',
  body: z.strictObject({
    level,
    snapshots: z.array(snapshotReference).min(1).max(1000).optional(),
    all: z.boolean().default(false),
  }),
  answer: accepted,
})

export const copyBackup = defineRoute({
  id: 'copyBackup',
  method: 'post',
  path: '/stack/backups/{id}/copy',
  group: 'backups',
  summary: 'Copy a snapshot to another backend of the stack, or home from one',
  scope: 'backup',
  params: ofOne,
  body: z.strictObject({
    to: backendName.default('default'),
    from: backendName.default('default'),
    plain: z.boolean().default(false).meta({ description: 'Let what lies encrypted lie open there' }),
  }),
  answer: accepted,
})

export const drillBackup = defineRoute({
  id: 'drillBackup',
  method: 'post',
  path: '/stack/backups/{id}/drill',
  group: 'backups',
  summary: 'Prove that a snapshot can be restored: into a throw-away stack, with checks',
  scope: 'backup',
  params: ofOne,
  answer: accepted,
})

export const reindexBackups = defineRoute({
  id: 'reindexBackups',
  method: 'post',
  path: '/stack/backups/reindex',
  group: 'backups',
  summary: 'Rebuild the list of snapshots from what the backend holds',
  scope: 'backup',
  answer: accepted,
})
