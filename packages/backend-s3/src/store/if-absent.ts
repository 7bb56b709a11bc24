import type { Context } from '@angee/core'
import { withClaim } from './claim.ts'
import { refusesToReplace } from './conditional.ts'
import { exists } from './key.ts'
import { lookUp } from './look-up.ts'
import type { Place } from './place.ts'
import { answered } from './store-error.ts'

/** To be sent along with the request that stores an object: empty where the server would not heed it. */
export interface Condition {
  IfNoneMatch?: '*'
}

/**
 * Lets `write` store an object with that marker under `key`. OBJECT_EXISTS when the key exists, also when writers race.
 *
 * AWS says that its conditional writes let one writer through, and on AWS the condition decides. A compatible server may
 * look first and write afterwards: versitygw 1.7.0 on a directory let two of eight writers through in 10 of 40 races. A
 * probe cannot tell these apart, so on every other server a claim decides, and the condition is sent as well.
 */
export async function writeIfAbsent(
  place: Place,
  key: string,
  marker: string,
  kind: 'put' | 'complete',
  ctx: Context,
  write: (condition: Condition) => Promise<void>,
): Promise<void> {
  const refuses = await refusesToReplace(place, kind, ctx)
  const conditionally = async () => {
    try {
      await write(refuses ? { IfNoneMatch: '*' } : {})
    } catch (error) {
      if (!answered(error, 412)) throw error
      // What exists may be our own: the answer to an earlier attempt can be lost.
      if ((await lookUp(place, place.prefix + key, ctx))?.marker !== marker) throw exists(key)
    }
  }
  if (place.isAws && refuses) await conditionally()
  else await withClaim(place, key, marker, ctx, conditionally)
}
