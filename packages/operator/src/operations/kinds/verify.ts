import { AngeeError, type CheckLevel, type CheckReport, isAngeeError, type Stack, verifySnapshot } from '@angee/core'
import { defineKind, type Work } from '../kind.ts'

export interface VerifyInput {
  level: CheckLevel
  /** Ids in full; every snapshot in the backend when absent. */
  snapshots?: readonly string[]
}

interface Verified {
  id: string
  ok: boolean
  bytesRead: number
  parts: CheckReport['parts']
  /** Why it could not be checked part by part. */
  problem?: string
}

/** Checks stored snapshots. It has failed when one of them is damaged; the result says which. */
export const verify = defineKind<VerifyInput>({
  lane: 'reader',
  run: async ({ level, snapshots }, { stack, ctx }) => {
    const ids = snapshots ?? (await everyId(stack, ctx))
    const reports: Verified[] = []
    for (const [index, id] of ids.entries()) {
      const message = `verifying ${id} (${index + 1} of ${ids.length})`
      ctx.onProgress({ type: 'phase', phase: 'verify', message })
      reports.push(await verifyOne(id, level, stack, ctx))
    }
    const damaged = reports.filter(({ ok }) => !ok)
    const result = { level, ok: damaged.length === 0, snapshots: reports }
    return damaged.length === 0 ? { result } : { result, error: damagedError(damaged, ids.length) }
  },
})

async function everyId(stack: Stack, ctx: Work['ctx']): Promise<string[]> {
  const ids: string[] = []
  for await (const { id } of stack.backend.list(ctx)) ids.push(id)
  return ids.sort()
}

/** A snapshot too damaged to be checked part by part is one more line of the report, not its end. */
async function verifyOne(id: string, level: CheckLevel, stack: Stack, ctx: Work['ctx']): Promise<Verified> {
  try {
    const { bytesRead, parts } = await verifySnapshot(stack, id, level, ctx)
    return { id, ok: parts.every(({ ok }) => ok), bytesRead, parts }
  } catch (error) {
    if (!isAngeeError(error, 'SNAPSHOT_CORRUPT') && !isAngeeError(error, 'FORMAT_TOO_NEW')) throw error
    return { id, ok: false, bytesRead: 0, parts: [], problem: error.message }
  }
}

function damagedError(damaged: readonly Verified[], all: number): AngeeError {
  return new AngeeError('SNAPSHOT_CORRUPT', `${damaged.length} of ${all} snapshots cannot be restored in full`, {
    hint: 'Take a new one now. Undamaged parts can still be restored alone.',
    context: { damaged: damaged.map(({ id }) => id) },
  })
}
