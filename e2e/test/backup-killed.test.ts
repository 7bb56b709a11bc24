import { randomBytes } from 'node:crypto'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAngee } from '../support/angee-process.ts'
import { type LocalStack, localStack } from '../support/local-stack.ts'

const kills = 20

/** kill -9 of a backup at moments spread over the whole time that it takes. */
describe('a backup that is killed', () => {
  let stack: LocalStack
  let took: number

  beforeAll(async () => {
    stack = await localStack({
      persist: { app: './data', store: './store' },
      hooks: { db: { dump: 'cat store/db store/db store/db store/db', restore: 'cat > /dev/null', covers: ['store'] } },
      files: { 'data/large': randomBytes(30_000_000), 'store/db': randomBytes(10_000_000) },
    })
    for (let index = 0; index < 3000; index++) await writeFile(join(stack.root, 'data', `file-${index}`), `${index}`)
    const begun = performance.now()
    await succeeds(['stack', 'backup', '--name', 'first'])
    took = performance.now() - begun
  })
  afterAll(() => stack[Symbol.asyncDispose]())

  it(`leaves earlier snapshots whole and nothing half visible, ${kills} times, and the next run sweeps up`, async () => {
    let killed = 0
    let swept = 0
    for (let index = 0; index < kills; index++) {
      const { child, ended } = startAngee(stack.root, ['stack', 'backup'], { ANGEE_TEST_MARK: stack.mark })
      await setTimeout(took * ((index + 0.5) / kills))
      child.kill('SIGKILL')
      const { code } = await ended
      if (code === null) killed++
      if ((await stack.leftovers()).length > 0) swept++
      await succeeds(['stack', 'backup', 'verify', '--all', '--quick'])
    }
    expect(killed).toBeGreaterThan(kills / 2)
    expect(swept).toBeGreaterThan(3)

    await succeeds(['stack', 'backup', '--name', 'last'])
    expect(await stack.leftovers()).toEqual([])
    const snapshots = await stack.snapshots()
    expect(snapshots.map(({ name }) => name).filter((name) => name !== undefined)).toEqual(['first', 'last'])
    // Also one that died between its commit and its record.
    const stored = await readdir(join(stack.root, 'backups', 'snapshots'))
    expect(snapshots.map(({ id }) => id).sort()).toEqual(stored.sort())
    await succeeds(['stack', 'backup', 'reindex'])
    expect(await stack.snapshots()).toEqual(snapshots)
    await succeeds(['stack', 'backup', 'verify', 'first', 'last'])
  })

  async function succeeds(args: string[]): Promise<void> {
    const { code, stderr } = await stack.angee(args)
    expect(code, `${args.join(' ')}: ${stderr}`).toBe(0)
  }
})
