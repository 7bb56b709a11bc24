import type { Context } from '@angee/core'
import { probePut } from './conditional.ts'
import { proveReachable } from './look-up.ts'
import type { Place } from './place.ts'

/** See ObjectStore.preflight: lists a key at most, then writes a byte and removes it. Four small requests. */
export async function preflightPlace(place: Place, ctx: Context): Promise<void> {
  await proveReachable(place, ctx)
  place.known.conditionalPut = await probePut(place, ctx)
}
