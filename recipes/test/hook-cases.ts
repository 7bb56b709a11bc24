import type { Hook } from '@angee/core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { containerPlace, type Place, provisioned } from './place.ts'
import { must, type Outcome, recipeHook, recipeService, secretValue } from './recipe.ts'

/** What the promises that all recipes make are tried with. */
export interface Subject<Server extends Place> {
  /** The recipe's directory, which is also the service's name unless that is given. */
  recipe: string
  service?: string
  /** Starts a server as the recipe does, with nothing in it. */
  open(): Promise<Server>
  /** Puts the first contents in place of whatever is there. */
  fill(place: Server): Promise<void>
  /** All that the server holds, as text that is the same for the same contents. */
  contents(place: Server): Promise<string>
  /** Adds, changes and removes. */
  drift(place: Server): Promise<void>
  /** A program that the hook runs: it has to be seen where arguments are looked at. */
  client: RegExp
  /** Whether the check is content with a server that holds nothing. */
  emptyIsSound?: true
}

export interface Hooked<Server extends Place> {
  hook: Hook
  place(): Server
  dump(more?: Record<string, string>): Promise<Outcome>
  restore(input: Buffer, more?: Record<string, string>): Promise<Outcome>
}

/** Declares the cases that are the same for every server, and returns what further cases need. */
export function hookCases<Server extends Place>(subject: Subject<Server>): Hooked<Server> {
  const { recipe, service = recipe, open, fill, contents, drift } = subject
  const hook = recipeHook(`${recipe}/container.yaml`, service)
  let place: Server
  const run = (command: unknown, input?: Buffer, more?: Record<string, string>, at: Place = place) =>
    at.shell(String(command), input, { ...hook.env, ...more })
  const dump = (more?: Record<string, string>) => run(hook.dump, undefined, more)
  const restore = (input: Buffer, more?: Record<string, string>) => run(hook.restore, input, more)

  beforeAll(async () => {
    place = await open()
  })
  afterAll(() => place[Symbol.asyncDispose]())

  it('is the same hook for container and local services', () => {
    expect(recipeHook(`${recipe}/local.yaml`, service)).toEqual(hook)
  })

  it('restores what was there where something else is, and where nothing is', async () => {
    const opening = open()
    await fill(place)
    const original = await contents(place)
    const taken = await dump()
    expect(taken).toMatchObject({ code: 0, stderr: '' })
    await drift(place)
    expect(await contents(place)).not.toBe(original)
    expect(await restore(taken.stdout)).toMatchObject({ code: 0, stderr: '', stdout: Buffer.alloc(0) })
    expect(await contents(place)).toBe(original)

    await using other = await opening
    expect((await run(hook.check, undefined, {}, other)).code === 0).toBe(subject.emptyIsSound === true)
    expect(await run(hook.restore, taken.stdout, {}, other)).toMatchObject({ code: 0, stderr: '' })
    expect(await contents(other)).toBe(original)
    expect(await run(hook.check, undefined, {}, other)).toMatchObject({ code: 0 })
  })

  it('refuses a dump that is empty, cut, damaged or none, and leaves what is there', async () => {
    await fill(place)
    const { stdout } = await dump()
    await drift(place)
    const present = await contents(place)
    const damaged = Buffer.from(stdout)
    damaged.fill(0, Math.floor(stdout.length / 2), Math.floor(stdout.length / 2) + 100)
    const ends = [0, 20, Math.floor(stdout.length / 3), Math.floor(stdout.length / 2), stdout.length - 2]
    for (const bad of [
      ...ends.map((end) => stdout.subarray(0, end)),
      damaged,
      Buffer.from('none at all\n'.repeat(500)),
    ]) {
      const { code, stderr } = await restore(bad)
      expect(code, `${bad.length} of ${stdout.length} bytes: ${stderr}`).not.toBe(0)
      expect(stderr).not.toBe('')
    }
    expect(await contents(place)).toBe(present)
  })

  it('fails where no server runs, and writes nothing to stdout', async () => {
    const { stdout } = await dump()
    await using empty = await containerPlace(
      provisioned('RECIPES_IMAGE'),
      recipeService(`${recipe}/container.yaml`, service),
      ['sleep', 'infinity'],
    )
    for (const [command, input] of [[hook.dump], [hook.restore, stdout], [hook.check]] as const) {
      const outcome = await run(command, input, {}, empty)
      expect(outcome.code).not.toBe(0)
      expect(outcome.stderr).not.toBe('')
      expect(outcome.stdout.length).toBe(0)
    }
  })

  it('restores a second time, and shows no password in the arguments of a program', async () => {
    const original = await contents(place)
    const watch = (name: string) => `
      (while [ ! -e /tmp/${name}.end ]; do cat /proc/[0-9]*/cmdline; sleep 0.01; done >/tmp/${name} 2>&1) & watcher=$!
      trap 'touch /tmp/${name}.end; wait $watcher' EXIT\n`
    const { code, stdout } = await run(`${watch('dumping')}(${hook.dump})`)
    expect(code).toBe(0)
    expect(await run(`${watch('restoring')}(${hook.restore})`, stdout)).toMatchObject({ code: 0 })
    expect(await contents(place)).toBe(original)
    const seen = await must(place.shell('cat /tmp/dumping /tmp/restoring'))
    expect(seen).toMatch(subject.client)
    expect(seen).not.toContain(secretValue)
    expect(await must(place.shell('ls /tmp | grep "^tmp\\." || true'))).toBe('')
  })

  return { hook, place: () => place, dump, restore }
}
