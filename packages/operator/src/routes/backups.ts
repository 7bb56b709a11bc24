import { AngeeError, defaultBackend, isAngeeError, planSnapshot, type SnapshotPlan, type Stack } from '@angee/core'
import { api } from '../api/index.ts'
import { mayUse } from '../auth/principal.ts'
import { type Daemon, withStack } from '../daemon.ts'
import type { On } from '../http/call.ts'
import { present } from '../json.ts'
import { pageOf } from '../stack/catalog.ts'
import { meant } from './snapshots.ts'
import { requirePermission, starting, submit } from './submit.ts'

const { takeBackup, planBackup, listBackups, showBackup, removeBackup, copyBackup, drillBackup, reindexBackups } =
  api.backups

/** Snapshots: taking, listing, removing, moving them. */
export function backupRoutes(on: On, daemon: Daemon): void {
  const start = starting(on, daemon)

  start(takeBackup, async (call) => {
    const { name, labels, only, allow_partial, include_secrets, reuse } = call.body
    await requirePermission(daemon, call, 'backup', { snapshot: present({ name, labels }) })
    const request = { name, labels, only, allowPartial: allow_partial, includeSecrets: include_secrets, reuse }
    return submit(daemon, call, 'backup', present(request))
  })

  on(planBackup, ({ body, signal }) =>
    withStack(daemon, signal, async (stack, ctx) => {
      const plan = await planSnapshot(stack, present({ only: body.only, includeSecrets: body.include_secrets }), ctx)
      return { body: planFacts(stack, plan) }
    }),
  )

  on(listBackups, async ({ query, principal }) => {
    const { records, damagedLines } = await daemon.catalog.read()
    return { body: { ...pageOf(records, query, ({ name }) => mayUse(principal, name)), damagedLines } }
  })

  on(showBackup, ({ params, principal, signal }) =>
    withStack(daemon, signal, async (stack, ctx) => {
      const found = await meant(daemon, stack, params.id, ctx)
      await requirePermission(daemon, { principal }, 'show', { snapshot: found })
      const { pinned, verifiedAt, damagedAt, proven } = found.record ?? {}
      const known = present({ verifiedAt, damagedAt, proven })
      const facts = { location: stack.backend.location, pinned: pinned === true, ...known }
      return { body: { snapshot: await stack.backend.stat(found.id, ctx), ...facts } }
    }),
  )

  start(removeBackup, async (call) => {
    const snapshot = await withStack(daemon, call.signal, async (stack, ctx) => {
      // One that is there but damaged, or of a newer format, can be removed too.
      const found = await meant(daemon, stack, call.params.id, ctx).catch((error: unknown) => {
        if (isAngeeError(error, 'SNAPSHOT_CORRUPT') || isAngeeError(error, 'FORMAT_TOO_NEW')) return undefined
        throw error
      })
      return found ?? { id: call.params.id.toUpperCase() }
    })
    await requirePermission(daemon, call, 'remove', { snapshot })
    return submit(daemon, call, 'remove', { snapshot: snapshot.id, force: call.query.force })
  })

  start(copyBackup, async (call) => {
    const { from, to, plain } = call.body
    const snapshot = await withStack(daemon, call.signal, async (stack, ctx) => {
      for (const name of [from, to]) requireBackend(stack, name)
      // What lies elsewhere is looked for when its turn comes.
      return from === defaultBackend ? meant(daemon, stack, call.params.id, ctx) : { id: call.params.id }
    })
    await requirePermission(daemon, call, 'copy', { snapshot })
    return submit(daemon, call, 'copy', { snapshot: snapshot.id, from, to, plain })
  })

  start(drillBackup, async (call) => {
    const snapshot = await withStack(daemon, call.signal, (stack, ctx) => meant(daemon, stack, call.params.id, ctx))
    await requirePermission(daemon, call, 'drill', { snapshot })
    return submit(daemon, call, 'drill', { snapshot: snapshot.id })
  })

  start(reindexBackups, async (call) => {
    await requirePermission(daemon, call, 'reindex', 'the stack')
    return submit(daemon, call, 'reindex', {})
  })
}

function planFacts(stack: Stack, { trees, streams, secrets, excluded, unwanted }: SnapshotPlan): object {
  return {
    stack: { name: stack.name, root: stack.place.root },
    location: stack.backend.location,
    parts: [
      ...trees.map(({ part, directory }) => ({ part: part.id, kind: 'tree', directory })),
      ...streams.map(({ id, service, covers, hook }) => ({
        part: id,
        kind: 'stream',
        service,
        covers,
        quiesce: hook.quiesce,
      })),
      ...(secrets ? [{ part: secrets.id, kind: 'file', file: secrets.file }] : []),
    ],
    excluded,
    unwanted: unwanted.map(({ id }) => id),
  }
}

/** A directory of this machine is no place that somebody elsewhere may choose. */
function requireBackend({ backends }: Stack, name: string): void {
  if (backends.names.includes(name)) return
  throw new AngeeError('USAGE', `there is no backend "${name}"`, {
    hint: `There is: ${backends.names.join(', ')}. Name others under backup.backends in angee.yaml.`,
    context: { backend: name },
  })
}
