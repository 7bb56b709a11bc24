import {
  AngeeError,
  type Context,
  planRestore,
  type RestoreRequest,
  type Stack,
  undoRequest,
  unfinishedOperations,
} from '@angee/core'
import { api } from '../api/index.ts'
import type { RouteSpec } from '../api/route.ts'
import { type Daemon, withStack } from '../daemon.ts'
import type { Call, On } from '../http/call.ts'
import { present } from '../json.ts'
import { digestPlan, requireAgreedPlan, type Unfinished } from '../plan/agree.ts'
import { meant } from './snapshots.ts'
import { requirePermission, type Subject, starting, submit } from './submit.ts'

/** Restoring, undoing, and the plan that has to be agreed to before. */
export function restoreRoutes(on: On, daemon: Daemon): void {
  const start = starting(on, daemon)

  on(api.restore.planRestore, (call) =>
    withStack(daemon, call.signal, async (stack, ctx) => {
      const { request, subject } = await requested(daemon, stack, call.body, ctx)
      await requirePermission(daemon, call, 'plan', subject)
      return {
        body: digestPlan(await planRestore(stack, request, ctx), request, stack.place.root, await unfinishedIn(stack)),
      }
    }),
  )

  start(api.restore.restore, async (call) => {
    const agreed = await agreedRequest(daemon, call, 'restore', { ...call.body, undo: false })
    return submit(daemon, call, 'restore', { ...agreed, abandon: call.body.abandon })
  })

  start(api.restore.undoRestore, async (call) => {
    const agreed = await agreedRequest(daemon, call, 'undo', { ...call.body, undo: true })
    return submit(daemon, call, 'undo', { ...agreed, abandon: call.body.abandon })
  })
}

interface Wanted {
  snapshot?: string | undefined
  undo: boolean
  only?: string[] | undefined
  allow_partial?: boolean
  without_safety: boolean
}

/** What is asked for, once it is certain that the caller may have it and has agreed to what it does. */
async function agreedRequest<Route extends RouteSpec>(
  daemon: Daemon,
  call: Call<Route>,
  action: 'restore' | 'undo',
  wanted: Wanted & { plan?: string | undefined; abandon: boolean },
): Promise<RestoreRequest & { plan: string }> {
  return withStack(daemon, call.signal, async (stack, ctx) => {
    const { request, subject } = await requested(daemon, stack, wanted, ctx)
    await requirePermission(daemon, call, action, subject)
    const { root } = stack.place
    const { digest } = requireAgreedPlan(
      await planRestore(stack, request, ctx),
      request,
      root,
      wanted.plan,
      await unfinishedIn(stack),
    )
    return { ...request, plan: digest }
  })
}

async function unfinishedIn(stack: Stack): Promise<Unfinished[]> {
  return (await unfinishedOperations(stack)).map(({ id, type, snapshot }) => ({ id, type, snapshot }))
}

async function requested(
  daemon: Daemon,
  stack: Stack,
  { snapshot, undo, only, allow_partial, without_safety }: Wanted,
  ctx: Context,
): Promise<{ request: RestoreRequest; subject: Subject }> {
  if (undo === (snapshot !== undefined)) throw unclear(undo)
  const safety = { withoutSafety: without_safety }
  if (snapshot === undefined) {
    return { request: { ...(await undoRequest(stack)), ...safety }, subject: 'the stack' }
  }
  const found = await meant(daemon, stack, snapshot, ctx)
  const request = { snapshot: found.id, ...present({ only }), ...safety, allowPartial: allow_partial === true }
  return { request, subject: { snapshot: found } }
}

function unclear(undo: boolean): AngeeError {
  return new AngeeError('USAGE', undo ? 'an undo takes no snapshot' : 'which snapshot?', {
    hint: 'Give "snapshot", or "undo": true.',
  })
}
