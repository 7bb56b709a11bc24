import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exits } from '@angee/testkit'
import { expect, it } from 'vitest'
import { jsonLogger } from '../src/index.ts'
import { operatorOf } from './support/operator.ts'
import { makeStack } from './support/stack.ts'

const canary = `canary-"${crypto.randomUUID()}\\`

it('a secret is in no answer, event, record or log, whatever gives it away', async () => {
  const stack = await makeStack({
    'angee.yaml': `name: shop
persist:
  app: { subpath: ./data/app }
services:
  db: { runtime: container, backup: { dump: dump, restore: restore } }
jobs:
  tell: { runtime: container, image: x, command: [tell] }
`,
    '.env': `DB_PASSWORD=${canary}\n`,
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
  const operator = await operatorOf(stack, { logger })
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
  await note({ method: 'POST', path: '/stack/backup', body: { [canary]: canary } })
  await note({ method: 'POST', path: '/stack/restore/plan', body: { snapshot: 'app', only: ['persist/app'] } })

  expect(answers.join()).toContain('cannot log in with [redacted]')
  expect(answers.join()).toContain('the password is [redacted]')
  const kept = join(stack.root, 'run', 'backup', 'operator', 'operations')
  const files = await Promise.all((await readdir(kept)).map((name) => readFile(join(kept, name), 'utf8')))
  const forms = [canary, JSON.stringify(canary).slice(1, -1), canary.slice(8, 44)]
  for (const [where, text] of Object.entries({ answers: answers.join(), log, files: files.join() })) {
    expect(text.length, where).toBeGreaterThan(100)
    for (const form of forms) expect(text.includes(form), where).toBe(false)
  }
})
