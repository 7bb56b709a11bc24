import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Runtime } from '@angee/core'
import { engineSuite, newMark, shellCommand, testContext } from '@angee/testkit'
import { expect, it } from 'vitest'
import compose from '../src/index.ts'
import { bringUp, byHand, of, sleeping } from './bring-up.ts'
import { job } from './definition.ts'
import { emptyStack, instanceOf, remainsOf } from './empty-stack.ts'
import { image } from './stack.ts'

const ctx = () => testContext()

engineSuite('taking a stack down', ['docker', 'base-image'], () => {
  const volume = { type: 'volume', source: 'data', target: '/data', readOnly: false } as const

  it('keeps volumes unless told', async () => {
    await using at = await emptyStack()
    const definition = of(at, [sleeping('app', { mounts: [volume] })])
    const runtime = await at.open()
    await bringUp(runtime, definition)
    await runtime.exec('app', 'echo kept >/data/file', {}, {}, ctx())
    await runtime.down({ volumes: false }, ctx())
    expect(await at.remains()).toEqual([`volume ${at.definition.project}_data`])
    await bringUp(runtime, definition)
    expect((await runtime.exec('app', 'grep -q kept /data/file', {}, {}, ctx())).exitCode).toBe(0)
    await runtime.down({ volumes: true }, ctx())
    expect(await at.remains()).toEqual([])
  })

  it.each(['broken', 'gone'] as const)('works when the file is %s', async (how) => {
    await using at = await emptyStack()
    const definition = of(at, [sleeping('app', { mounts: [volume] })])
    const runtime = await at.open()
    const { file } = await runtime.prepare(definition, ctx())
    await bringUp(runtime, definition)
    if (how === 'gone') await rm(file)
    else await writeFile(file, 'services: [broken', { flag: 'a' })
    await (await at.open()).down({ volumes: true }, ctx())
    expect(await at.remains()).toEqual([])
    await (await at.open()).down({ volumes: true }, ctx())
  })

  it('works when a person’s file is gone', async () => {
    await using at = await emptyStack()
    const file = join(at.definition.stackRoot, at.byHand.file)
    await writeFile(file, at.byHand.text)
    await byHand(at.definition.stackRoot, 'up', '--detach')
    await rm(file)
    await (await at.open()).down({ volumes: false }, ctx())
    expect(await at.remains()).toEqual([])
  })

  it('takes away what a person has started of the jobs, and services that the file names no more', async () => {
    await using at = await emptyStack()
    const both = of(at, [sleeping('app'), sleeping('old'), job('seed', { image, command: ['true'] })])
    const runtime = await at.open()
    await bringUp(runtime, both)
    await byHand(at.definition.stackRoot, '--profile', 'jobs', 'up', '--detach', 'seed')
    await byHand(at.definition.stackRoot, 'run', '--detach', '--no-deps', 'app', 'sleep', '1000')
    await runtime.prepare(of(at, [sleeping('app')]), ctx())
    await runtime.down({ volumes: false }, ctx())
    expect(await at.remains()).toEqual([])
  })
})

engineSuite('stacks beside each other', ['docker', 'base-image'], () => {
  it('two of the same name in two directories never touch each other, also by hand', async () => {
    await using one = await emptyStack({}, 'shop')
    await using two = await emptyStack({}, 'shop')
    const [first, second] = [await one.open(), await two.open()]
    await bringUp(first, of(one, [sleeping('app'), sleeping('more')]))
    await bringUp(second, of(two, [sleeping('app')]))
    const before = [await one.instance('app'), await one.instance('more')]
    await second.stop(['app'], ctx())
    await bringUp(second, of(two, [sleeping('app', { env: { COLOUR: ['green'] } })]))
    await byHand(two.definition.stackRoot, 'up', '--detach', '--remove-orphans', '--force-recreate')
    await byHand(two.definition.stackRoot, 'down', '--remove-orphans', '--volumes', '--timeout', '0')
    await bringUp(second, of(two, [sleeping('app')]))
    await second.down({ volumes: true }, ctx())
    expect(await two.remains()).toEqual([])
    expect([await one.instance('app'), await one.instance('more')]).toEqual(before)
    expect((await first.status(ctx())).map(({ state }) => state)).toEqual(['running', 'running'])
  })

  it('two files by hand that go by the same name are told apart before anything is touched', async () => {
    await using one = await emptyStack()
    await using two = await emptyStack()
    const runtimes: Runtime[] = []
    const same = (text: string) => text.replace(two.definition.project, one.definition.project)
    for (const at of [one, two]) {
      await writeFile(join(at.definition.stackRoot, 'compose.yaml'), same(at.byHand.text))
      runtimes.push(await at.open())
    }
    const [first, second] = runtimes
    await first?.prepare(of(one, []), ctx())
    await first?.up(['mine'], of(one, []), ctx())
    const before = await instanceOf(one.definition.project, 'mine')
    const refused = {
      code: 'RUNTIME_FAILED',
      message: expect.stringContaining(one.definition.stackRoot),
      hint: expect.stringContaining('project_name'),
    }
    await second?.prepare(of(two, []), ctx())
    await expect(second?.up(['mine'], of(two, []), ctx())).rejects.toMatchObject(refused)
    await expect(second?.down({ volumes: true }, ctx())).rejects.toMatchObject(refused)
    expect(await instanceOf(one.definition.project, 'mine')).toBe(before)
  })

  it('a project name in the environment of a shell does not lead to another stack', async () => {
    await using one = await emptyStack()
    await using two = await emptyStack()
    await bringUp(await one.open(), of(one, [sleeping('app')]))
    const before = await one.instance('app')
    process.env['COMPOSE_PROJECT_NAME'] = one.definition.project
    try {
      const { stackRoot } = two.definition
      const runtime = await compose.open({ options: {}, stackRoot, services: [] }, ctx())
      await bringUp(runtime, of(two, [sleeping('app')]))
      expect(await two.instance('app')).not.toBe('none')
      await runtime.down({ volumes: true }, ctx())
    } finally {
      delete process.env['COMPOSE_PROJECT_NAME']
    }
    expect(await one.instance('app')).toBe(before)
    expect(await remainsOf(two.definition.project)).toEqual([])
  })

  it('the jobs of one are not swept away by those of the other', async () => {
    await using one = await emptyStack()
    await using two = await emptyStack()
    const mark = newMark()
    const lost = job('lost', { image, command: shellCommand({ does: 'stay', mark, ignoresTerm: false }) })
    const definition = of(one, [{ ...lost, engine: { init: true } }])
    await (await one.open()).prepare(definition, ctx())
    await one.killDuringJob?.('lost', definition)
    const other = of(two, [job('quick', { image, command: ['true'] })])
    const runtime = await two.open()
    await runtime.prepare(other, ctx())
    expect((await runtime.runJob('quick', other, undefined, ctx())).exitCode).toBe(0)
    expect((await one.processes()).filter((line) => line.includes(mark))).not.toEqual([])
  })
})
