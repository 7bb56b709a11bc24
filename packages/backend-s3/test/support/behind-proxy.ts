import { setImmediate } from 'node:timers/promises'
import type { ObjectStore } from '@angee/archive'
import type { Clock } from '@angee/core'
import { type FaultPlan, type FaultProxy, faultProxy, type TestContext, testContext } from '@angee/testkit'
import { s3ObjectStore } from '../../src/index.ts'
import { type Bucket, makeBucket } from './bucket.ts'
import type { Server } from './server.ts'

/** A store that reaches its server through a proxy, and a context whose pauses take no time. */
export interface BehindProxy extends AsyncDisposable {
  readonly bucket: Bucket
  readonly proxy: FaultProxy
  readonly store: ObjectStore
  readonly options: ReturnType<Bucket['options']>
  context(signal?: AbortSignal): TestContext
}

/** Requests are given up after `seconds` without a byte; those a server may work on for long after fifteen times that. */
export async function behindProxy(
  server: Server,
  changes: Record<string, unknown> = {},
  seconds = 10,
): Promise<BehindProxy> {
  const opened = new AsyncDisposableStack()
  const bucket = opened.use(await makeBucket(server))
  const proxy = opened.use(await faultProxy(server.url))
  const options = { ...bucket.options(changes, proxy.url), timeout: seconds }
  return {
    bucket,
    proxy,
    options,
    store: opened.use(s3ObjectStore(options)),
    context: (signal) => testContext({ clock: hurriedClock, ...(signal && { signal }) }),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

/** The first `times` requests that fit have that fault; the others pass. */
export function first(
  times: number,
  fault: NonNullable<ReturnType<FaultPlan>>,
  fits: (request: Parameters<FaultPlan>[0]) => boolean,
): FaultPlan {
  let left = times
  return (request) => {
    if (left === 0 || !fits(request)) return undefined
    left -= 1
    return fault
  }
}

const hurriedClock: Clock = {
  now: () => Date.now(),
  sleep: async (_, signal) => {
    await setImmediate()
    signal?.throwIfAborted()
  },
}
