import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import type { Runtime } from '@angee/core'
import type { SuiteApi } from '../../api.ts'
import { testContext } from '../../fakes/index.ts'
import { readAll } from '../../streams/index.ts'
import { newMark } from '../behaviour.ts'
import { assertFails, assertRejectsWithReason } from '../fixture.ts'
import { bringUp, definitionOf, type EmptyStack, type OpenEmptyStack, stateOf, stays, withEnv } from './fixture.ts'

/** up and down. */
export function upCases({ it }: SuiteApi, open: OpenEmptyStack): void {
  it('up brings services up; again, also by another process, it leaves them alone', async () => {
    await using stack = await open()
    const { definition, app, web } = twoServices(stack)
    const runtime = await stack.open()
    await bringUp(runtime, definition)
    const before = [await stack.instance(app.name), await stack.instance(web.name)]
    await bringUp(runtime, definition)
    await bringUp(await stack.open(), definition)
    await bringUp(await stack.open(), definition, [web.name])
    assert.deepEqual([await stack.instance(app.name), await stack.instance(web.name)], before)
    assert.equal(await stateOf(runtime, app.name), 'running')
  })

  it('up makes a service anew whose definition differs, and leaves the others alone', async () => {
    await using stack = await open()
    const { definition, app, web } = twoServices(stack)
    const runtime = await stack.open()
    await bringUp(runtime, definition)
    const before = [await stack.instance(app.name), await stack.instance(web.name)]
    const changed = definitionOf(stack, [withEnv(app, { COLOUR: ['green'] }), web])
    await bringUp(runtime, changed)
    assert.notEqual(await stack.instance(app.name), before[0])
    assert.equal(await stack.instance(web.name), before[1])
    assert.equal(await variableIn(runtime, stack, app.name, 'COLOUR'), 'green')
  })

  it('up brings up those it is given and no others, not even what they depend on', async () => {
    await using stack = await open()
    const { app, web } = twoServices(stack)
    const definition = definitionOf(stack, [
      app,
      { ...web, dependsOn: [{ name: app.name, condition: 'started' }] },
      {
        ...stack.workload('service', 'other', stays(newMark())),
        dependsOn: [{ name: web.name, condition: 'started' }],
      },
    ])
    const runtime = await stack.open()
    await bringUp(runtime, definition, [web.name])
    assert.equal(await stateOf(runtime, web.name), 'running')
    for (const name of [app.name, 'other']) assert.notEqual(await stateOf(runtime, name), 'running')
    await runtime.up([], definition, testContext())
    assert.notEqual(await stateOf(runtime, app.name), 'running')
    const before = await stack.instance(web.name)
    await bringUp(runtime, definition, [app.name])
    await bringUp(runtime, definition, [app.name, web.name])
    assert.equal(await stack.instance(web.name), before)
  })

  it('up starts what is stopped and lets go on what is paused', async () => {
    await using stack = await open()
    const { definition, app, web } = twoServices(stack)
    const runtime = await stack.open()
    await bringUp(runtime, definition)
    const before = await stack.instance(web.name)
    await runtime.stop([app.name], testContext())
    await runtime.pause([web.name], testContext())
    await bringUp(runtime, definition)
    assert.equal(await stateOf(runtime, app.name), 'running')
    assert.equal(await stateOf(runtime, web.name), 'running')
    assert.equal(await stack.instance(web.name), before)
  })

  it('a service with a probe becomes healthy', async () => {
    await using stack = await open()
    const app = stack.workload('service', 'app', stays(newMark()))
    const { command = [] } = stack.workload('service', 'probe', { does: 'exit', code: 0 })
    const ready = { cmd: command, interval: 1_000, timeout: 5_000, retries: 10, startPeriod: 1_000 }
    const runtime = await stack.open()
    await bringUp(runtime, definitionOf(stack, [{ ...app, ready }]))
    const [status] = await runtime.status(testContext())
    assert.deepEqual([status?.state, status?.health], ['running', 'healthy'])
  })

  it('a workload starts in the directory it is given, with its environment as it stands there', async () => {
    await using stack = await open()
    const env = { PLAIN: ['two  words "$HOME" $$ ${PATH} #{x} \\n é→😀 %s'], EMPTY: [''], LINES: ['a\nb\n'] }
    const app = { ...withEnv(stack.workload('service', 'app', stays(newMark())), env), workdir: stack.workdir }
    const runtime = await stack.open()
    await bringUp(runtime, definitionOf(stack, [app]))
    for (const [name, [value]] of Object.entries(env)) {
      assert.equal(await variableIn(runtime, stack, app.name, name), value)
    }
    assert.equal(await outputOf(runtime, stack, app.name, { does: 'show-directory' }), `${stack.workdir}\n`)
  })

  it('up of a service that is not there fails', async () => {
    await using stack = await open()
    const { definition } = twoServices(stack)
    const runtime = await stack.open()
    await runtime.prepare(definition, testContext())
    await assertFails(
      runtime.up(['no-such-service'], definition, testContext()),
      'RUNTIME_FAILED',
      'SERVICE_NOT_RUNNING',
    )
    assert.notEqual(await stateOf(runtime, 'app'), 'running')
  })

  it('down takes away everything, also by another process, and may be called again; up then works', async () => {
    await using stack = await open()
    const { definition, app } = twoServices(stack)
    const runtime = await stack.open()
    await runtime.down({ volumes: false }, testContext())
    await bringUp(runtime, definition)
    assert.notDeepEqual(await stack.remains(), [])
    await runtime.pause([app.name], testContext())
    await (await stack.open()).down({ volumes: true }, testContext())
    assert.deepEqual(await stack.remains(), [])
    for (const { service, state } of await runtime.status(testContext())) {
      assert.ok(['stopped', 'absent'].includes(state), `${service} is ${state} after down`)
    }
    await runtime.down({ volumes: false }, testContext())
    await bringUp(await stack.open(), definition)
    assert.equal(await stateOf(runtime, app.name), 'running')
    await runtime.down({ volumes: false }, testContext())
    assert.deepEqual(await stack.remains(), [])
  })

  it('prepare, up, down and runJob reject with the reason of a signal that has aborted, and change nothing', async () => {
    await using stack = await open()
    const { definition, app } = twoServices(stack)
    const job = stack.workload('job', 'job', { does: 'exit', code: 0 })
    const all = definitionOf(stack, [...definition.services, job])
    const runtime = await stack.open()
    await bringUp(runtime, all)
    const before = await stack.instance(app.name)
    const reason = new Error('the person pressed Ctrl-C')
    const ctx = testContext({ signal: AbortSignal.abort(reason) })
    const calls: Promise<unknown>[] = [
      runtime.prepare(definitionOf(stack, [withEnv(app, { CHANGED: ['yes'] })]), ctx),
      runtime.up([app.name], all, ctx),
      runtime.down({ volumes: true }, ctx),
      runtime.runJob('job', all, undefined, ctx),
    ]
    await Promise.all(calls.map((call) => assertRejectsWithReason(call, reason)))
    assert.equal(await stack.instance(app.name), before)
    assert.equal((await runtime.prepare(all, testContext())).outcome, 'kept')
  })
}

function twoServices(stack: EmptyStack) {
  const app = stack.workload('service', 'app', stays(newMark()))
  const web = stack.workload('service', 'web', stays(newMark()))
  return { app, web, definition: definitionOf(stack, [app, web]) }
}

/** What a service sees of an environment variable of its own. */
export function variableIn(runtime: Runtime, stack: EmptyStack, service: string, name: string): Promise<string> {
  return outputOf(runtime, stack, service, { does: 'show-variable', name })
}

async function outputOf(runtime: Runtime, stack: EmptyStack, service: string, behaviour: ShowsSomething) {
  const { command = [] } = stack.workload('service', 'command', behaviour)
  const stdout = new PassThrough()
  const output = readAll(stdout)
  await runtime.exec(service, command, { stdout }, {}, testContext()).finally(() => stdout.end())
  return (await output).toString()
}

type ShowsSomething = { does: 'show-variable'; name: string } | { does: 'show-directory' }
