import {
  type Clock,
  type Files,
  newSnapshotId,
  type Random,
  readManifest,
  type StackPlace,
  stackName,
} from '@angee/core'
import { deliver } from './deliver.ts'
import { endpointsOf } from './endpoints.ts'
import { testMessage } from './message.ts'

/** What came of a test of one webhook. */
export interface Tried {
  /** As the manifest has it. */
  url: string
  ok: boolean
  problem: string | null
}

/** Sends a message of the type `webhook.test` to every webhook of a stack, once. MANIFEST_INVALID. */
export async function testWebhooks(
  place: StackPlace,
  ctx: { files: Files; clock: Clock; random: Random; signal: AbortSignal },
  timeout = 15_000,
): Promise<Tried[]> {
  const { files, clock, random, signal } = ctx
  const manifest = await readManifest(place, files)
  const endpoints = await endpointsOf(place, manifest, files)
  const stack = { name: stackName(place, manifest), root: place.root }
  return Promise.all(
    endpoints.map(async ({ declared, endpoint }) => {
      if (endpoint instanceof Error) return { url: declared, ok: false, problem: endpoint.message }
      const now = clock.now()
      const message = testMessage(newSnapshotId(clock, random), new Date(now).toISOString(), stack)
      const outcome = await deliver(endpoint, message, { now, timeout, signal })
      return { url: declared, ok: outcome.delivered, problem: outcome.delivered ? null : outcome.problem }
    }),
  )
}
