import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CatalogRecord } from '@angee/core'
import { describeTree } from '@angee/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { angee, angeeJson, must, run } from '../support/angee.ts'

const manifest = `
name: killed
persist:
  app: { subpath: ./data }
  inner: { subpath: ./data/inner }
  store: { subpath: ./data/deep/store }
services:
  db:
    runtime: local
    backup:
      dump: cat data/deep/store/content
      restore: cat > data/deep/store/incoming && mv data/deep/store/incoming data/deep/store/content
      covers: [store]
`

/** A restore that is killed, as with kill -9, right before each of its effects on the file system in turn. */
describe('a restore killed at every step', () => {
  let scratch: string
  let stack: string
  let snapshot: string
  let old: string[]
  let fresh: string[]

  /** Content and modes of everything a user owns; the covered store is rewritten by its hook and keeps no times. */
  const look = async (directory: string): Promise<string[]> => {
    const lines = await describeTree(join(directory, 'data'))
    return lines.map((line) => (/deep\/store/.test(line) ? line.replace(/ \d{15,} ?/, ' ') : line))
  }

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'angee-kill-'))
    stack = join(scratch, 'stack')
    await mkdir(join(stack, 'data', 'inner'), { recursive: true })
    await mkdir(join(stack, 'data', 'deep', 'store'), { recursive: true })
    await writeFile(join(stack, 'angee.yaml'), manifest)
    await writeFile(join(stack, 'data', 'file'), 'new')
    await writeFile(join(stack, 'data', 'only-new'), 'x')
    await writeFile(join(stack, 'data', 'inner', 'file'), 'new')
    await writeFile(join(stack, 'data', 'deep', 'store', 'content'), 'new')
    const taken = await angeeJson<{ id?: string; manifest?: { id: string } }>(stack, [
      'stack',
      'backup',
      '--name',
      'wanted',
    ])
    fresh = await look(stack)
    const [record] = await angeeJson<CatalogRecord[]>(stack, ['stack', 'backup', 'ls'])
    snapshot = record?.id ?? JSON.stringify(taken)
    await rm(join(stack, 'data', 'only-new'))
    await writeFile(join(stack, 'data', 'only-old'), 'y')
    await writeFile(join(stack, 'data', 'file'), 'old')
    await writeFile(join(stack, 'data', 'inner', 'file'), 'old')
    await writeFile(join(stack, 'data', 'deep', 'store', 'content'), 'old')
    old = await look(stack)
  })
  afterAll(() => rm(scratch, { recursive: true }))

  it('leaves, after the next command, a stack that is wholly old or wholly new', async () => {
    const outcomes = { old: 0, new: 0 }
    for (let step = 1; ; step++) {
      const victim = join(scratch, `victim-${step}`)
      await must('cp', ['-a', stack, victim], scratch)
      const killed = await run(
        process.execPath,
        [new URL('../support/killed-restore.ts', import.meta.url).pathname, victim, snapshot, String(step)],
        victim,
      )
      const finished = killed.stdout.includes('done')
      if (!finished) expect(killed.code, killed.stderr).toBe(null)

      const next = await angee(victim, ['stack', 'backup', '--name', 'next'])
      expect(next.code, `after step ${step}: ${next.stderr}`).toBe(0)
      const found = await look(victim)
      const isNew = found.some((line) => line.startsWith('only-new'))
      expect(found, `after step ${step}`).toEqual(isNew ? fresh : old)
      outcomes[isNew ? 'new' : 'old']++
      expect(await leftovers(victim), `after step ${step}`).toEqual([])
      await rm(victim, { recursive: true })
      if (finished) break
    }
    expect(outcomes.old).toBeGreaterThan(20)
    expect(outcomes.new).toBeGreaterThan(1)
  })

  /** What a restore may not leave behind once the next command has tidied up. */
  async function leftovers(directory: string): Promise<string[]> {
    const state = join(directory, 'run', 'backup')
    const journals = await readdir(join(state, 'journal')).catch(() => [])
    const staged = await readdir(join(state, 'staging')).catch(() => [])
    return [...journals, ...staged]
  }
})
