import assert from 'node:assert/strict'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import type { SuiteApi } from '../../api.ts'
import { testContext } from '../../fakes/index.ts'
import { newMark } from '../behaviour.ts'
import { bringUp, definitionOf, type OpenEmptyStack, runJob, stays, withEnv } from './fixture.ts'
import { variableIn } from './up-cases.ts'

/** Secrets arrive as they are, and lie open nowhere. */
export function secretCases({ it }: SuiteApi, open: OpenEmptyStack): void {
  it('secrets reach services and jobs byte for byte, whatever they hold, beside literals', async () => {
    await using stack = await open()
    const secrets = oddSecrets()
    const env = Object.fromEntries(
      Object.keys(secrets).map((name) => [`WITH_${name}`, ['a$b ${X:-y} ', { secret: name }, " '#$$ end"]] as const),
    )
    const app = withEnv(stack.workload('service', 'app', stays(newMark())), env)
    const jobs = ['LINES', 'DOLLARS', 'EMPTY'].map((name) =>
      withEnv(
        stack.workload('job', `show-${name.toLowerCase()}`, { does: 'show-variable', name: `WITH_${name}` }),
        env,
      ),
    )
    const definition = definitionOf(stack, [app, ...jobs], secrets)
    const runtime = await stack.open()
    await bringUp(runtime, definition)
    for (const [name, value] of Object.entries(secrets)) {
      const whole = `a$b \${X:-y} ${value} '#$$ end`
      assert.equal(await variableIn(runtime, stack, 'app', `WITH_${name}`), whole)
      const job = jobs.find((one) => one.name === `show-${name.toLowerCase()}`)
      if (job) assert.equal((await runJob(runtime, job.name, definition)).output.toString(), whole)
    }
  })

  it('a secret is in no file that others can read, and in no command line at any moment', async () => {
    await using stack = await open()
    const canary = `canary-${newMark()}`
    const env = { PASSWORD: [{ secret: 'PASSWORD' }] }
    const app = withEnv(stack.workload('service', 'app', stays(newMark())), env)
    const job = withEnv(stack.workload('job', 'show', { does: 'show-variable', name: 'PASSWORD' }), env)
    const definition = definitionOf(stack, [app, job], { PASSWORD: canary })
    const runtime = await stack.open()
    const watch = watchCommandLines(canary)
    await bringUp(runtime, definition)
    assert.equal((await runJob(runtime, 'show', definition)).output.toString(), canary)
    assert.equal(await variableIn(runtime, stack, 'app', 'PASSWORD'), canary)
    assert.deepEqual(await watch.stop(), [])
    assert.deepEqual(await openFiles(stack.definition.stackRoot, canary), [])
  })

  it('another process needs no secrets for status, exec, pause, stop, start and down', async () => {
    await using stack = await open()
    const env = { PASSWORD: [{ secret: 'PASSWORD' }] }
    const app = withEnv(stack.workload('service', 'app', stays(newMark())), env)
    const definition = definitionOf(stack, [app], { PASSWORD: 'hush, hush' })
    await bringUp(await stack.open(), definition)
    const other = await stack.open()
    assert.equal((await other.status(testContext()))[0]?.state, 'running')
    await other.pause(['app'], testContext())
    await other.resume(['app'], testContext())
    await other.stop(['app'], testContext())
    await other.start(['app'], testContext())
    await other.waitHealthy(['app'], testContext())
    assert.equal(await variableIn(other, stack, 'app', 'PASSWORD'), 'hush, hush')
    await other.down({ volumes: false }, testContext())
    assert.deepEqual(await stack.remains(), [])
  })

  it('a changed secret makes a service anew', async () => {
    await using stack = await open()
    const env = { PASSWORD: [{ secret: 'PASSWORD' }] }
    const app = withEnv(stack.workload('service', 'app', stays(newMark())), env)
    const runtime = await stack.open()
    await bringUp(runtime, definitionOf(stack, [app], { PASSWORD: 'the old one' }))
    const before = await stack.instance('app')
    await bringUp(await stack.open(), definitionOf(stack, [app], { PASSWORD: 'the old one' }))
    assert.equal(await stack.instance('app'), before)
    await bringUp(runtime, definitionOf(stack, [app], { PASSWORD: 'the new one' }))
    assert.notEqual(await stack.instance('app'), before)
    assert.equal(await variableIn(runtime, stack, 'app', 'PASSWORD'), 'the new one')
  })
}

/** Values that a file, a shell, a template or an engine could take for something else. */
function oddSecrets(): Record<string, string> {
  return {
    LINES: 'first\nsecond\n\n  third\n',
    QUOTES: `'single' "double" \`back\` \\ \\n \\$`,
    DOLLARS: '$HOME ${HOME} $(id) $$ $',
    SIGNS: ' # no comment; a=b: c, [d] {e} & *f | > %g @h ! ~ ',
    LETTERS: 'é→😀\u00a0\t',
    TEMPLATE: '{{.Name}} {{ x }}',
    EMPTY: '',
  }
}

/** Reads the command lines of this machine's processes over and over; `stop` gives those that held `text`. */
function watchCommandLines(text: string) {
  const seen = new Set<string>()
  let going = true
  const watching = (async () => {
    while (going) {
      for (const pid of await readdir('/proc').catch(() => [])) {
        if (!/^\d+$/.test(pid)) continue
        const line = await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')
        if (line.includes(text)) seen.add(line.replaceAll('\0', ' '))
      }
      await turn()
    }
  })()
  return {
    async stop() {
      going = false
      await watching
      return [...seen]
    },
  }
}

/** Files below a directory that hold `text` and can be read by somebody else than their owner. */
async function openFiles(directory: string, text: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const found: string[] = []
  for (const entry of entries) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const isOpen = ((await stat(path)).mode & 0o077) !== 0
    if (isOpen && (await readFile(path, 'latin1')).includes(text)) found.push(path)
  }
  return found
}
