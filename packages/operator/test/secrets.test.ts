import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exits } from '@angee/testkit'
import { expect, it, vi } from 'vitest'
import { jsonLogger, tracingFor } from '../src/index.ts'
import { operatorOf } from './support/operator.ts'
import { receiver } from './support/receiver.ts'
import { makeStack } from './support/stack.ts'

const canary = `canary-"${crypto.randomUUID()}\\`

it('a secret is in no answer, event, record, log, metric, message, span or page, whatever gives it away', async () => {
  const [hook, collector] = [await receiver(), await receiver()]
  const stack = await makeStack({
    'angee.yaml': `name: shop
backup:
  schedule: { backup: "@daily" }
  webhooks: [{ url: "${hook.url}?key=\${secret.DB_PASSWORD}", secret: "\${secret.HOOK}" }]
persist:
  app: { subpath: ./data/app }
services:
  db: { runtime: container, backup: { dump: dump, restore: restore } }
jobs:
  tell: { runtime: container, image: x, command: [tell] }
`,
    '.env': `DB_PASSWORD=${canary}\nHOOK=whsec_${Buffer.alloc(32, 5).toString('base64')}\n`,
  })
  const { fakeRuntime } = await import('@angee/testkit')
  stack.give(
    'container',
    fakeRuntime({
      type: 'fake-container',
      services: {
        db: { commands: { dump: exits(1, `cannot log in with ${canary}\n`), restore: exits(1, canary) } },
      },
      jobs: {
        tell: async ({ stdout, stderr }) => {
          stdout.write(`the password is ${canary}\n`)
          stderr(canary)
          return 1
        },
      },
    }),
  )
  let log = ''
  const logger = jsonLogger((line) => {
    log += line
  }, 'debug')
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: new URL(collector.url).origin }
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', environment.OTEL_EXPORTER_OTLP_ENDPOINT)
  const tracing = await tracingFor({ environment, version: '1', logger })
  const operator = await operatorOf(stack, { logger, listeners: tracing ? [tracing.listener] : [] })
  const answers: string[] = []
  const note = async (sending: Parameters<typeof operator.send>[0]): Promise<string> => {
    const { text } = await operator.send(sending)
    answers.push(text)
    return text
  }
  // What the stack has as a secret is known once it has been opened.
  await note({ path: '/stack/status' })
  await operator.done('/stack/backup', { only: ['persist/app'], name: 'app' })
  for (const [path, body] of [
    ['/stack/backup', {}],
    ['/stack/backup', { allow_partial: true, name: 'partial', labels: { note: canary } }],
    ['/jobs/tell/run', {}],
  ] as const) {
    const ended = await operator.done(path, body)
    await note({ path: `/operations/${ended.id}/events` })
    await note({ path: `/operations/${ended.id}` })
  }
  logger.info('a line that has it', { value: canary, inside: { deep: [canary] } })
  for (const path of ['/stack/backups', '/stack/backups/partial', '/operations', '/jobs', '/stack/status', '/readyz']) {
    await note({ path })
  }
  for (const path of ['/metrics', '/stack/schedules', '/', '/page/app.js']) await note({ path })
  await note({ method: 'POST', path: '/stack/backup', body: { [canary]: canary } })
  await note({ method: 'POST', path: '/stack/restore/plan', body: { snapshot: 'app', only: ['persist/app'] } })

  expect(answers.join()).toContain('cannot log in with [redacted]')
  expect(answers.join()).toContain('the password is [redacted]')
  await expect.poll(() => hook.received.length, { timeout: 20_000 }).toBe(4)
  await tracing?.shutdown()
  const messages = hook.received.map(({ body }) => body).join()
  expect(messages).toContain('HOOK_FAILED')
  const spans = collector.received.map(({ body }) => body).join()
  expect(spans).toContain('angee backup')
  const kept = join(stack.root, 'run', 'backup', 'operator')
  const names = (await readdir(kept, { recursive: true, withFileTypes: true })).filter((one) => one.isFile())
  const files = await Promise.all(names.map(({ parentPath, name }) => readFile(join(parentPath, name), 'utf8')))
  const forms = [canary, JSON.stringify(canary).slice(1, -1), canary.slice(8, 44)]
  const all = { answers: answers.join(), log, files: files.join(), messages, spans }
  for (const [where, text] of Object.entries(all)) {
    expect(text.length, where).toBeGreaterThan(100)
    for (const form of forms) expect(text.includes(form), where).toBe(false)
  }
})
