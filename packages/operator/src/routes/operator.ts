import { AngeeError, redact } from '@angee/core'
import { api } from '../api/index.ts'
import { requireUnrestricted } from '../auth/principal.ts'
import { type Daemon, withStack } from '../daemon.ts'
import type { On } from '../http/call.ts'
import { openApiDocument } from '../http/document.ts'

/** The operator itself. */
export function operatorRoutes(on: On, daemon: Daemon): void {
  const document = JSON.stringify(openApiDocument())

  on(api.operator.healthz, async () => ({ body: { status: 'ok' } }))

  on(api.operator.readyz, async ({ signal }) => {
    const status = daemon.state()
    if (status === 'ready') {
      const problem = daemon.problem()
      if (problem !== undefined) throw problem
      await withStack(daemon, signal, async () => undefined)
    }
    const { running, waiting } = daemon.queue
    const stack = await daemon.manifest.name()
    const facts = {
      status,
      stack,
      version: daemon.opening.tool.version,
      running: running.length,
      queued: waiting.length,
    }
    if (status === 'ready') return { body: facts }
    throw notReady(status, facts)
  })

  on(api.operator.metrics, async ({ principal }) => {
    requireUnrestricted(principal)
    const { records, damagedLines } = await daemon.catalog.read()
    const text = await daemon.metrics.expose({
      stack: await daemon.manifest.name(),
      version: daemon.opening.tool.version,
      ready: daemon.state() === 'ready',
      records,
      damagedLines,
      schedules: await daemon.scheduler.facts(),
      running: daemon.queue.running.length,
      queued: daemon.queue.waiting.length,
      undelivered: daemon.courier.pending(),
    })
    return new Response(redact(text), { headers: { 'content-type': daemon.metrics.contentType } })
  })

  on(api.operator.openapi, async () => {
    return new Response(document, { headers: { 'content-type': 'application/json' } })
  })
}

function notReady(status: 'recovering' | 'stopping', context: Record<string, unknown>): AngeeError {
  if (status === 'stopping') {
    const hint = 'Ask again when it has been started again.'
    return new AngeeError('OPERATOR_STOPPING', 'the operator is about to end', { hint, context, retry: 'later' })
  }
  const hint = 'What was left half done is finished or undone first.'
  return new AngeeError('LOCKED', 'the operator has just been started', { hint, context, retry: 'later' })
}
