import { type Context, registerSecret } from '@angee/core'
import type { S3Client } from '@aws-sdk/client-s3'
import { failureOf, isTimeout, isTransient } from './failure.ts'
import type { Place } from './place.ts'
import { type Access, storeError } from './store-error.ts'
import { untilAborted } from './until-aborted.ts'

const attempts = 8
/** Each of them has already cost as long as `timeout` says. */
const attemptsAfterTimeout = 3
const firstPause = 200
const longestPause = 20_000

/** What a request is for, completing "cannot …", and whether it changes what is stored. */
export interface Purpose {
  purpose: string
  access: Access
}

/**
 * Makes a request, again with growing pauses where that may help. Rejects with the signal's reason at once when it
 * aborts, also while the server hangs; else with an AngeeError whose context has `status` and `answer` of the server.
 */
export async function request<Result>(
  place: Place,
  { purpose, access }: Purpose,
  ctx: Context,
  call: (options: { abortSignal: AbortSignal }) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    ctx.signal.throwIfAborted()
    try {
      await untilAborted(registerCredential(place.s3), ctx.signal)
      return await untilAborted(call({ abortSignal: ctx.signal }), ctx.signal)
    } catch (error) {
      ctx.signal.throwIfAborted()
      const failure = failureOf(error)
      const last = isTimeout(failure) ? attemptsAfterTimeout : attempts
      if (!isTransient(failure) || attempt >= last) throw storeError(error, purpose, place.location, access)
      await pause(attempt, `${purpose}: ${failure.name}`, ctx)
    }
  }
}

/**
 * Waits before the next attempt, longer after each: between half and all of a time that doubles. `why` completes
 * "cannot …". A pause that nobody would notice is not told of.
 */
export async function pause(attempt: number, why: string, { logger, random, clock, signal }: Context): Promise<void> {
  const longest = Math.min(longestPause, firstPause * 2 ** (attempt - 1))
  const [jitter = 0] = random(new Uint8Array(1))
  const milliseconds = Math.round(longest * (0.5 + jitter / 512))
  const message = `cannot ${why}; trying again in ${(milliseconds / 1000).toFixed(1)} s`
  if (milliseconds < 1000) logger.debug(message, { attempt })
  else logger.warn(message)
  await clock.sleep(milliseconds, signal)
}

/** Credentials of a profile or a role are known only now, and may change: none may ever be shown. */
async function registerCredential(s3: S3Client): Promise<void> {
  const { accessKeyId, secretAccessKey, sessionToken } = await s3.config.credentials()
  for (const value of [accessKeyId, secretAccessKey, sessionToken]) if (value !== undefined) registerSecret(value)
}
