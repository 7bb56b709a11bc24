/**
 * A process that runs a job and is killed by a test. Reads `{ job, definition }` from stdin; what the job writes goes to
 * stdout. Outside of vitest, so it finds the sources of this repository by itself.
 */
import { registerHooks } from 'node:module'
import { text } from 'node:stream/consumers'

const packages = new URL('../../', import.meta.url)
registerHooks({
  resolve(specifier, context, next) {
    const [, name, part] = /^@angee\/([a-z-]+)(?:\/(.+))?$/.exec(specifier) ?? []
    if (name === undefined) return next(specifier, context)
    const path = part === undefined ? 'src/index.ts' : `src/${part}/index.ts`
    return { url: new URL(`${name}/${path}`, packages).href, shortCircuit: true }
  },
})

const { default: compose } = await import('../src/index.ts')
const { testContext } = await import('@angee/testkit')
const { job, definition } = JSON.parse(await text(process.stdin))
const opening = { options: {}, stackRoot: definition.stackRoot, services: [] }
const runtime = await compose.open(opening, testContext())
const all = { ...definition, secrets: new Map(definition.secrets) }
await runtime.runJob(job, all, process.stdout, testContext())
