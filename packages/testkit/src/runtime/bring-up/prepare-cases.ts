import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SuiteApi } from '../../api.ts'
import { testContext } from '../../fakes/index.ts'
import { newMark } from '../behaviour.ts'
import { assertFails } from '../fixture.ts'
import { bringUp, definitionOf, type OpenEmptyStack, runJob, stateOf, stays, withEnv } from './fixture.ts'

/** The engine's own file: written, kept, or a person's and left alone. */
export function prepareCases({ it }: SuiteApi, open: OpenEmptyStack): void {
  it('prepare writes the file, keeps it while the definition says the same, and writes it anew when not', async () => {
    await using stack = await open()
    const runtime = await stack.open()
    const app = stack.workload('service', 'app', stays(newMark()))
    const definition = definitionOf(stack, [app])
    const first = await runtime.prepare(definition, testContext())
    assert.equal(first.outcome, 'written')
    const { mtimeMs, ino } = await stat(first.file)
    const again = await (await stack.open()).prepare(definition, testContext())
    assert.deepEqual(again, { file: first.file, outcome: 'kept' })
    assert.deepEqual([(await stat(first.file)).mtimeMs, (await stat(first.file)).ino], [mtimeMs, ino])
    const changed = definitionOf(stack, [withEnv(app, { CHANGED: ['yes'] })])
    assert.equal((await runtime.prepare(changed, testContext())).outcome, 'written')
    await runtime.prepare(definition, testContext())
    assert.equal((await runtime.prepare(definition, testContext())).outcome, 'kept')
  })

  it('prepare starts nothing, and status then names every service of the definition', async () => {
    await using stack = await open()
    const runtime = await stack.open()
    const names = ['app', 'web']
    const services = names.map((name) => stack.workload('service', name, stays(newMark())))
    const job = stack.workload('job', 'migrate', { does: 'exit', code: 0 })
    await runtime.prepare(definitionOf(stack, [...services, job]), testContext())
    assert.deepEqual(await stack.remains(), [])
    const status = await runtime.status(testContext())
    assert.deepEqual(status.map(({ service }) => service).sort(), names)
    for (const { state } of status) assert.ok(['stopped', 'absent'].includes(state), `prepare left it ${state}`)
  })

  it('a file that a person wrote is used as it is, and never overwritten', async () => {
    await using stack = await open()
    const runtime = await stack.open()
    const path = join(stack.definition.stackRoot, stack.byHand.file)
    await writeFile(path, stack.byHand.text)
    const definition = definitionOf(stack, [stack.workload('service', 'app', stays(newMark()))])
    const prepared = await runtime.prepare(definition, testContext())
    assert.deepEqual(prepared, { file: path, outcome: 'by-hand' })
    assert.deepEqual(await stack.remains(), [])
    const services = (await runtime.status(testContext())).map(({ service }) => service)
    assert.ok(services.includes('mine') && !services.includes('app'), `status names ${services.join(', ')}`)
    await runtime.up(['mine'], definition, testContext())
    await runtime.waitHealthy(['mine'], testContext())
    assert.equal(await stateOf(runtime, 'mine'), 'running')
    assert.equal((await runJob(runtime, 'seed', definition)).exitCode, 3)
    await assertFails(runtime.up(['app'], definition, testContext()), 'RUNTIME_FAILED')
    await runtime.down({ volumes: false }, testContext())
    assert.equal(await readFile(path, 'utf8'), stack.byHand.text)
    assert.deepEqual(await stack.remains(), [])
  })

  it('copyDefinition copies a file that a person wrote into another root, and no other', async (test) => {
    await using stack = await open()
    const runtime = await stack.open()
    if (runtime.copyDefinition === undefined) return test.skip('the runtime copies no definitions')
    const { stackRoot, project } = stack.definition
    const other = await mkdtemp(join(tmpdir(), 'angee-suite-copy-'))
    await using _other = { [Symbol.asyncDispose]: () => rm(other, { recursive: true }) }
    const to = { base: { from: stackRoot, to: other }, persist: [], stackRoot: other, project: `${project}-copy` }
    const definition = definitionOf(stack, [stack.workload('service', 'app', stays(newMark()))])
    const { file } = await runtime.prepare(definition, testContext())
    assert.equal(await runtime.copyDefinition(to, testContext()), undefined)
    assert.deepEqual(await readdir(other), [])
    await rm(file)
    await writeFile(join(stackRoot, stack.byHand.file), stack.byHand.text)
    await runtime.prepare(definition, testContext())
    assert.equal(typeof (await runtime.copyDefinition(to, testContext())), 'object')
    assert.notDeepEqual(await readdir(other), [])
    assert.equal(await readFile(join(stackRoot, stack.byHand.file), 'utf8'), stack.byHand.text)
    assert.deepEqual(await stack.remains(), [])
  })

  it('a service that the definition names no more is gone from status', async () => {
    await using stack = await open()
    const runtime = await stack.open()
    const [app, web] = ['app', 'web'].map((name) => stack.workload('service', name, stays(newMark())))
    assert.ok(app && web)
    await bringUp(runtime, definitionOf(stack, [app, web]))
    await runtime.prepare(definitionOf(stack, [app]), testContext())
    const services = (await (await stack.open()).status(testContext())).map(({ service }) => service)
    assert.deepEqual(services, ['app'])
    await runtime.down({ volumes: false }, testContext())
    assert.deepEqual(await stack.remains(), [])
  })
}
