import type { CatalogRecord, SnapshotManifest } from '@angee/core'
import type { RouteSpec } from '../api/route.ts'
import { requireName, requireUnrestricted } from '../auth/principal.ts'
import type { Daemon } from '../daemon.ts'
import type { Call, On, Reply } from '../http/call.ts'
import { present } from '../json.ts'
import { idempotencyOf } from '../operations/idempotency.ts'
import type { OperationKind } from '../operations/kind.ts'
import type { Submission } from '../operations/operations.ts'
import type { OperationRecord } from '../operations/record.ts'
import { operationFacts } from './operation-facts.ts'

/** What an operation is about, for those who decide whether it may be done. */
export type Subject =
  | { snapshot: Partial<Pick<CatalogRecord | SnapshotManifest, 'id' | 'name' | 'labels'>> }
  | 'the stack'

/** Asks whether the caller may do that, by the names their token is for and by the policy. FORBIDDEN. */
export async function requirePermission(
  { place, manifest, permit }: Daemon,
  { principal }: Pick<Call, 'principal'>,
  action: string,
  subject: Subject,
): Promise<void> {
  if (subject === 'the stack') requireUnrestricted(principal)
  else requireName(principal, subject.snapshot.name)
  const stack = { name: await manifest.name(), root: place.root }
  await permit({ principal, action, stack, ...(subject === 'the stack' ? {} : { snapshot: subject.snapshot }) })
}

/** The answer to a request that was made before under the same Idempotency-Key; undefined where it was not. */
async function replayed<Route extends RouteSpec>(daemon: Daemon, call: Call<Route>): Promise<Reply | undefined> {
  const idempotency = idempotencyFor(call)
  const record = idempotency && (await daemon.operations.replay(idempotency))
  return record && accepted(record, true)
}

/** Takes an operation on for the caller and answers with it. */
export async function submit<Kind extends OperationKind, Route extends RouteSpec>(
  daemon: Daemon,
  call: Call<Route>,
  kind: Kind,
  input: Submission<Kind>['input'],
): Promise<Reply> {
  const idempotency = idempotencyFor(call)
  const { id, name } = call.principal
  const { record, replayed: before } = await daemon.operations.submit({
    kind,
    input,
    requestedBy: { token: id, name },
    ...(idempotency === undefined ? {} : { idempotency }),
    ...present({ trace: traceOf(call.request.headers.get('traceparent')) }),
  })
  return accepted(record, before)
}

/** One that is not of the form it has is left out: a trace is no reason to refuse a backup. */
function traceOf(header: string | null): string | undefined {
  return header !== null && /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(header) ? header : undefined
}

function accepted(record: OperationRecord, before: boolean): Reply {
  const headers = { location: `/operations/${record.id}`, ...(before ? { 'idempotency-replayed': 'true' } : {}) }
  return { body: operationFacts(record), headers }
}

function idempotencyFor<Route extends RouteSpec>({ request, principal, body }: Call<Route>) {
  const key = request.headers.get('idempotency-key')
  if (key === null || key === '') return undefined
  const { pathname, search } = new URL(request.url)
  return idempotencyOf(principal.id, key.slice(0, 255), [request.method, pathname, search, body])
}

/** Registers a handler that starts an operation: a request that was made before is answered without it. */
export function starting(on: On, daemon: Daemon): On {
  return (route, handler) => on(route, async (call) => (await replayed(daemon, call)) ?? handler(call))
}
