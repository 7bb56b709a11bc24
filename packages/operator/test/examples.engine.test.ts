import { execFile } from 'node:child_process'
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { engineSuite } from '@angee/testkit'
import { expect, it, onTestFinished } from 'vitest'
import { operatorOf } from './support/operator.ts'
import { makeStack } from './support/stack.ts'

const run = promisify(execFile)
const examples = new URL('../../../examples/operator/', import.meta.url).pathname

/** The metrics of an operator that has done something, as they are told. */
async function exposition(): Promise<string> {
  const yaml = `name: shop
backup: { schedule: "0 3 * * *" }
persist: { app: { subpath: ./data/app } }
`
  const operator = await operatorOf(await makeStack({ 'angee.yaml': yaml }))
  await operator.done('/stack/backup', { name: 'first' })
  await operator.done('/stack/backup', { name: 'first' })
  return (await operator.get('/metrics')).text
}

engineSuite('the examples of running an operator', ['promtool'], () => {
  it('have rules that fire when they should, and not before', async () => {
    const { stdout } = await run('promtool', ['check', 'rules', 'alerts.yaml'], { cwd: examples })
    expect(stdout).toContain('SUCCESS')
    await run('promtool', ['test', 'rules', 'alerts.test.yaml'], { cwd: examples })
  })

  it('are about metrics that there are', async () => {
    const text = await exposition()
    const there = new Set(text.match(/^angee_\w+/gm))
    // It is counted once somebody was sent something.
    there.add('angee_webhook_deliveries_total')
    const rules = await readFile(join(examples, 'alerts.yaml'), 'utf8')
    const board = await readFile(join(examples, 'dashboard.json'), 'utf8')
    expect(JSON.parse(board).panels.length).toBeGreaterThan(8)
    for (const text of [rules, board]) {
      const asked = new Set(text.match(/\bangee_\w+/g))
      expect(asked.size).toBeGreaterThan(7)
      expect([...asked].filter((name) => !there.has(name))).toEqual([])
    }
  })

  it('ask metrics that Prometheus finds nothing wrong with', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'angee-metrics-'))
    onTestFinished(() => rm(directory, { recursive: true }))
    await writeFile(join(directory, 'metrics'), await exposition())
    // Its own process metrics are those of prom-client, whose names it has reservations about.
    const own = await run('sh', ['-c', `grep angee_ metrics | promtool check metrics`], { cwd: directory })
    expect(own.stdout + own.stderr).toBe('')
    await copyFile(join(examples, 'alerts.yaml'), join(directory, 'alerts.yaml'))
    await copyFile(join(examples, 'prometheus.yaml'), join(directory, 'prometheus.yaml'))
    await writeFile(join(directory, 'token'), 'x')
    await run('promtool', ['check', 'config', 'prometheus.yaml'], { cwd: directory })
  })

  it('have a unit that systemd takes', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'angee-unit-'))
    onTestFinished(() => rm(directory, { recursive: true }))
    const unit = join(directory, 'angee-operator@srv-shop.service')
    await copyFile(join(examples, 'angee-operator@.service'), unit)
    const { stdout, stderr } = await run('systemd-analyze', ['verify', '--recursive-errors=no', unit])
    expect(stdout + stderr).toBe('')
  })
})
