import { existsSync } from 'node:fs'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { type RunningOperator, startOperator } from '../support/operator.ts'
import { makeStack } from '../support/stack.ts'

/** So many operations are killed; a long run by hand takes a hundred: ANGEE_KILLS=100. */
const kills = Number(process.env['ANGEE_KILLS'] ?? 4)

const manifest = `name: shop
persist:
  app: { subpath: ./data/app }
services:
  db:
    runtime: local
    backup:
      before: touch frozen
      after: rm -f frozen
      dump: sleep 0.1; cat db
      restore: cat > incoming; sleep 0.1; mv incoming db
`

// biome-ignore lint/suspicious/noExplicitAny: answers are what they are
type Answer = any

async function ask({ url, token }: RunningOperator, method: string, path: string, body?: unknown): Promise<Answer> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const answer = await fetch(url + path, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return answer.json()
}

/** Waits until the operator has dealt with what it found, and gives what it says of an operation. */
async function told(operator: RunningOperator, id: string): Promise<Answer> {
  for (;;) {
    const operation = await ask(operator, 'GET', `/operations/${id}`)
    if (operation.state !== 'running' && operation.state !== 'queued') return operation
    await wait(50)
  }
}

/** What lies where operations keep what they have begun. */
async function begun(root: string): Promise<string[]> {
  const names = ['journal', 'staging'].map((place) => readdir(join(root, 'run', 'backup', place)).catch(() => []))
  return (await Promise.all(names)).flat()
}

it(
  `an operator killed at ${kills} random moments tells the truth of each operation, and leaves nothing half done`,
  async () => {
    const root = await makeStack({ 'angee.yaml': manifest, 'data/app/big.bin': 'x'.repeat(3_000_000), db: 'rows of 0' })
    const look = async () => ({
      files: await readFile(join(root, 'data', 'app', 'one.txt'), 'utf8'),
      db: await readFile(join(root, 'db'), 'utf8'),
    })
    const states: Record<string, number> = {}
    let operator = await startOperator(root)
    await told(operator, (await ask(operator, 'POST', '/stack/backup', { name: 'base' })).id)
    const base = await look()

    for (let round = 0; round < kills; round++) {
      const isRestore = round % 2 === 1
      await writeFile(join(root, 'data', 'app', 'one.txt'), `round ${round}\n`)
      await writeFile(join(root, 'db'), `rows of ${round}`)
      const before = await look()
      const asked = isRestore
        ? await ask(operator, 'POST', '/stack/restore', {
            snapshot: 'base',
            plan: (await ask(operator, 'POST', '/stack/restore/plan', { snapshot: 'base' })).digest,
          })
        : await ask(operator, 'POST', '/stack/backup', { name: `round-${round}` })
      const waiting = await ask(operator, 'POST', '/stack/backup', { name: `waiting-${round}` })
      await wait(Math.random() * 2500)
      await operator.kill()
      operator = await startOperator(root)

      const ended = await told(operator, asked.id)
      const what = `${asked.kind} ${ended.state} in round ${round}: ${JSON.stringify(ended.error)}`
      states[`${asked.kind} ${ended.state}`] = (states[`${asked.kind} ${ended.state}`] ?? 0) + 1
      expect(['succeeded', 'interrupted'], what).toContain(ended.state)
      if (isRestore) expect(await look(), what).toEqual(ended.state === 'succeeded' ? base : before)
      else expect(await look(), what).toEqual(before)
      const { snapshots } = await ask(operator, 'GET', '/stack/backups?limit=1000')
      const listed = snapshots.map(({ id }: Answer) => id)
      if (!isRestore) expect(listed.includes(asked.id), what).toBe(ended.state === 'succeeded')
      const last = await told(operator, waiting.id)
      expect(listed.includes(waiting.id), `${what}; waiting: ${last.state}`).toBe(last.state === 'succeeded')
      // What is stored is what is listed, and nothing is left of what was begun.
      expect((await readdir(join(root, 'backups', 'snapshots'))).sort(), what).toEqual([...listed].sort())
      // Half a file that was about to be renamed is nobody's; the next that writes there removes it.
      expect(
        (await begun(root)).filter((name) => !name.endsWith('.tmp')),
        what,
      ).toEqual([])
      expect(existsSync(join(root, 'frozen')), `${what}: the after hook is owed`).toBe(false)
    }
    await told(operator, (await ask(operator, 'POST', '/stack/backup', { name: 'last' })).id)
    expect(await begun(root)).toEqual([])
    const verified = await told(operator, (await ask(operator, 'POST', '/stack/backups/verify', { all: true })).id)
    expect(verified).toMatchObject({ state: 'succeeded', result: { ok: true } })
    expect(await operator.stop()).toMatchObject({ exitCode: 0 })
    console.log(`killed ${kills} times: ${JSON.stringify(states)}`)
    await rm(join(root, 'db'))
  },
  120_000 + kills * 10_000,
)
