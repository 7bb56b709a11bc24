import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { angee, startAngee, startAtTerminal } from './support/angee.ts'
import { errorOf, makeStack } from './support/stack.ts'

const persist = 'persist: { app: { subpath: data/app } }\n'
const plugin = '@acme/angee-backend-odd'

/** A stack whose backend is localfs under another name, with something about it changed. */
function stackWith(changed: string): Promise<string> {
  return makeStack({
    'angee.yaml': `${persist}backup: { plugins: ["${plugin}"] }\nbackup_backend: { type: odd, path: ./backups }\n`,
    [`node_modules/${plugin}/package.json`]: `{ "name": "${plugin}", "type": "module", "exports": "./index.js" }`,
    [`node_modules/${plugin}/index.js`]: `
      import { archiveBackend } from '@angee/archive'
      import localfs, { localfsObjectStore } from '@angee/backend-localfs'
      import { join } from 'node:path'
      const storeOf = ({ options, stackRoot }) => localfsObjectStore(join(stackRoot, options.path))
      const odd = {
        ...localfs,
        type: 'odd',
        open: async (opening) => archiveBackend('odd', storeOf(opening)),
        scratch: ({ options, trees, stackRoot }, name) => {
          const path = options.path + '/' + name + '~'
          return { options: { path }, location: path, remove: () => trees.remove(join(stackRoot, path)) }
        },
      }
      export default { ...odd, ${changed} }`,
  })
}

const linesOf = (stdout: string): Record<string, unknown>[] =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

describe('doctor --backend', () => {
  it('proves localfs beside its snapshots, tells each check, and leaves no trace', async () => {
    const stack = await makeStack()
    await angee(stack, 'stack', 'backup')
    const before = await readdir(join(stack, 'backups'), { recursive: true })
    const { exitCode, stdout, stderr } = await angee(stack, 'doctor', '--backend')
    expect(exitCode, stdout + stderr).toBe(0)
    expect(stderr).toMatch(/^This writes about 229 MiB to \S+\/backups \(under names with angee-doctor-[0-9a-f]{8}\)/)
    expect(stdout).toMatch(/^ok {4}says what it is\n/)
    expect(stdout).toMatch(/^ok {4}gives back a tree entry by entry$/m)
    expect(stdout).toMatch(/^n\/a {3}flip in service\/db is found by a check: nothing here can damage what is stored$/m)
    expect(stderr).toMatch(/\n\d\d checks passed, 0 failed, \d+ not applicable\. Everything is removed again\.\n$/)
    expect(await readdir(join(stack, 'backups'), { recursive: true })).toEqual(before)
  }, 240_000)

  it('names a check that fails and goes on; names what cannot be removed, with its place', async () => {
    const stack = await stackWith(`
      open: async (opening) => {
        const store = storeOf(opening)
        return archiveBackend('odd', { ...store, delete: async () => undefined })
      },
      scratch: (opening, name) => {
        const made = odd.scratch(opening, name)
        const isHeld = name.endsWith('-7')
        return isHeld ? { ...made, remove: async () => { throw new Error('it is held') } } : made
      }`)
    const { exitCode, stdout, stderr } = await angee(stack, 'doctor', '--backend', '--json')
    expect(exitCode, stderr).toBe(1)
    const lines = linesOf(stdout)
    const result = lines.at(-1) as { checks: object[]; leftBehind: { location: string; problem: string }[] }
    expect(result).toMatchObject({ type: 'result', ok: false, backend: { name: 'default', type: 'odd' } })
    expect(lines.slice(0, -1)).toEqual(result.checks.map((report) => ({ type: 'check', ...report })))
    expect(lines).toContainEqual(
      expect.objectContaining({
        name: 'deletes a snapshot for every instance, twice if asked, and leaves the others',
        status: 'fail',
        message: expect.stringMatching(/./),
      }),
    )
    expect(lines).toContainEqual(expect.objectContaining({ name: 'keeps a snapshot without parts', status: 'ok' }))

    const location = expect.stringMatching(/^\.\/backups\/angee-doctor-[0-9a-f]{8}-7~$/)
    expect(result.leftBehind).toEqual([{ location, problem: 'it is held' }])
    expect(stderr).toContain(`left behind: ${result.leftBehind[0]?.location}: it is held\n`)
    const left = (await readdir(join(stack, 'backups'))).filter((name) => name.includes('doctor'))
    expect(left.map((name) => name.slice(-2))).toEqual(['7~'])
  }, 240_000)

  it('stops at once where nothing can be stored, with the reason', async () => {
    const stack = await stackWith(`open: async (opening) => {
      const store = storeOf(opening)
      const put = async () => { throw new AngeeError('CREDENTIAL_WRONG', 'the key is wrong', { hint: 'Give another.' }) }
      return archiveBackend('odd', { ...store, put })
    } }
    import { AngeeError } from '@angee/core'
    const rest = {`)
    const result = await angee(stack, 'doctor', '--backend', '--json')
    expect(errorOf(result)).toMatchObject({ code: 'CREDENTIAL_WRONG', exitCode: 12, hint: 'Give another.' })
  })

  it('removes what it wrote when it is interrupted', async () => {
    const stack = await makeStack()
    const { child, finished } = startAngee(stack, ['doctor', '--backend'])
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (text: string) => {
        if (text.includes('gives back a stream of')) resolve()
      })
    })
    child.kill('SIGINT')
    const { exitCode, stderr } = await finished
    expect(exitCode).toBe(130)
    expect(stderr).toContain('what was written is removed again')
    expect((await readdir(join(stack, 'backups'))).filter((name) => name.includes('doctor'))).toEqual([])
  })

  it('shows at a terminal what was checked, and nothing of what is stored for that', async () => {
    const stack = await stackWith(`
      open: async (opening) => {
        const backend = archiveBackend('odd', storeOf(opening))
        const begin = async (draft, ctx) => {
          ctx.onProgress({ type: 'part', part: 'service/watched', state: 'progress', bytes: 1 })
          return backend.begin(draft, ctx)
        }
        return { ...backend, begin }
      }`)
    const child = startAtTerminal(stack, ['doctor', '--backend', '--yes'])
    let screen = ''
    for await (const text of child.stdout.setEncoding('utf8')) {
      const before = screen.includes('leaves nothing')
      screen += text
      if (!before && screen.includes('leaves nothing')) child.stdin.write('\u0003')
    }
    expect(screen).toContain('interrupted by SIGINT')
    expect(screen).not.toContain('service/watched')
  })

  it('says so where a backend has no place for it', async () => {
    const stack = await stackWith('scratch: undefined')
    expect(errorOf(await angee(stack, 'doctor', '--backend', '--json'))).toMatchObject({
      code: 'USAGE',
      message: `odd at ${join(stack, 'backups')} cannot be checked without touching its snapshots`,
      hint: expect.stringContaining('writing-a-backend'),
    })
    expect(await readdir(stack)).not.toContain('backups')
  })

  it('takes a further backend by its name', async () => {
    const stack = await makeStack({
      'angee.yaml': `${persist}backup: { backends: { away: { type: localfs, path: ./away } } }\n`,
    })
    const { child, finished } = startAngee(stack, ['doctor', '--backend', 'away'])
    child.stdout.once('data', () => child.kill('SIGINT'))
    expect((await finished).stderr).toContain(` to ${stack}/away (`)
    expect(errorOf(await angee(stack, 'doctor', '--backend', 'nosuch', '--json'))).toMatchObject({
      code: 'USAGE',
      message: 'there is no backend "nosuch"',
    })
  })
})
