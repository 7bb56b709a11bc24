import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { trustedPlaceSuite } from '../../archive/test/support/trusted-place.ts'
import { angee } from './support/angee.ts'

trustedPlaceSuite('a tree that has not changed', (place) => {
  it('is named after a backup, shares its part, and is read again with --no-reuse', async () => {
    const stack = await mkdtemp(join(place, 'angee-cli-'))
    onTestFinished(() => rm(stack, { recursive: true }))
    await mkdir(join(stack, 'data'))
    await writeFile(join(stack, 'data/file'), 'content')
    await writeFile(join(stack, 'angee.yaml'), 'persist: { app: { subpath: ./data } }\n')
    // What changed in the last two seconds counts as still changing.
    await setTimeout(2100)
    const sharing = async (id: string) =>
      (await stat(join(stack, 'backups/snapshots', id, 'parts/persist.app.tar.zst'))).nlink
    const first = (await angee(stack, 'stack', 'backup', '-q')).stdout.trim()

    const second = await angee(stack, 'stack', 'backup')
    expect(second.stdout).toContain(`Unchanged since ${first}: persist/app`)
    expect(second.stderr).toMatch(new RegExp(`persist/app: done, .*, unchanged since ${first} in`))
    expect(await sharing(first)).toBe(2)

    const third = await angee(stack, 'stack', 'backup', '--json', '--no-reuse')
    const { id, unchanged } = JSON.parse(third.stdout.trimEnd().split('\n').at(-1) ?? '')
    expect(unchanged).toMatchObject([{ part: 'persist/app' }])
    expect(await sharing(id)).toBe(1)
    expect((await angee(stack, 'stack', 'backup', 'verify', '--all')).exitCode).toBe(0)
  })
})
