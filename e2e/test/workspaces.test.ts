import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { engineSuite } from '@angee/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { angeeJson, must, run } from '../support/angee.ts'
import { startAngee } from '../support/angee-process.ts'
import { type CompiledStack, compiledStack, containersOf, stackAt } from '../support/compiled-stack.ts'
import { experimentTemplates } from '../support/experiment-templates.ts'

interface Created {
  name: string
  path: string
  stackRoot: string
  leases: Record<string, number>
}

const digest = "select md5(string_agg(i || name || v::text, ',' order by i)) from items"
const create = (name: string, ...more: string[]) => [
  'workspace',
  'create',
  name,
  '--template',
  'experiment',
  '--input',
  'db=postgres',
  ...more,
]

engineSuite('workspaces that start with data, on Docker Compose', ['docker', 'postgres-image'], () => {
  let main: CompiledStack
  let rows: string

  beforeAll(async () => {
    main = await compiledStack({ name: 'main' })
    await main.must('stack', 'up')
    await main.sql(
      "create extension vector; create table items as select i, 'mail-' || i || '@example.org' as name, array[i, -i, i / 7.0]::vector(3) as v from generate_series(1, 5000) i; create index on items using hnsw (v vector_l2_ops)",
    )
    await mkdir(join(main.root, 'data/uploads'))
    await writeFile(join(main.root, 'data/uploads/picture'), 'pixels')
    await main.must('stack', 'backup', '--name', 'monday')
    rows = await main.sql(digest)
    await experimentTemplates(main.root)
  })
  afterAll(async () => {
    for (const name of await readdir(join(main.root, 'workspaces')).catch(() => [] as string[])) {
      await main.angee('workspace', 'destroy', name, '--purge', '--yes')
    }
    await main[Symbol.asyncDispose]()
  })

  it('one command: rendered, restored, migrated over the drifted schema, running', async () => {
    const made = await main.must(...create('one', '--restore', 'latest'))
    expect(made.stdout).toMatch(/one/)
    const root = join(main.root, 'workspaces/one/stack')
    const one = stackAt(root)
    expect(await one.sql(digest)).toBe(rows)
    expect(await one.sql("select i from items order by v <-> '[40,-40,5.7]' limit 1")).toBe('40\n')
    expect(await one.sql('select count(*) from items where not checked')).toBe('5000\n')
    expect(await readFile(join(root, 'data/uploads/picture'), 'utf8')).toBe('pixels')
    expect(await must('docker', ['compose', 'exec', '-T', 'web', 'cat', '/files/uploads/picture'], root)).toBe('pixels')
    expect(await main.sql("select count(*) from information_schema.columns where column_name = 'checked'")).toBe('0\n')
    // Its own password, in its own secrets file.
    expect(await readFile(join(root, '.env'), 'utf8')).not.toBe(await readFile(join(main.root, '.env'), 'utf8'))

    await one.sql('delete from items where i > 10')
    await one.must('stack', 'up')
    expect(await one.sql('select count(*) from items')).toBe('10\n')
  })

  it('masks before anything else starts; when masking fails nothing does', async () => {
    const mask = `exec psql -U app -v ON_ERROR_STOP=1 -qc "update items set name = 'masked-' || i"`
    await main.must(...create('masked', '--input', `seed=${mask}`, '--restore', 'monday', '--only', 'service/postgres'))
    const root = join(main.root, 'workspaces/masked/stack')
    expect(await stackAt(root).sql("select count(*) from items where name like 'mail-%'")).toBe('0\n')
    expect(existsSync(join(root, 'data/uploads'))).toBe(false)

    const failed = await main.angee(
      ...create('unmasked', '--input', 'seed=echo cannot mask >&2; exit 4', '--restore', 'monday'),
    )
    expect([failed.code, failed.stderr]).toEqual([
      1,
      expect.stringMatching(/seed hook of service postgres exited with 4[\s\S]*cannot mask/),
    ])
    expect(failed.stderr).toContain('stack up')
    const states = await must(
      'docker',
      ['compose', 'ps', '--format', '{{.Service}}'],
      join(main.root, 'workspaces/unmasked/stack'),
    )
    expect(states.trim()).toBe('')
    for (const name of ['masked', 'unmasked']) await main.must('workspace', 'destroy', name, '--purge', '--yes')
  })

  it('ten from one snapshot, side by side, apart from each other, and gone without a trace', async () => {
    const before = await traces()
    const names = Array.from({ length: 10 }, (_, index) => `many-${index}`)
    const made: Created[] = []
    for (const name of names) made.push(await angeeJson<Created>(main.root, create(name, '--restore', 'monday')))
    expect(new Set(made.map(({ leases }) => leases['web'])).size).toBe(10)
    expect(JSON.stringify(await traces())).toMatch(/many-9-[0-9a-f]{8}-postgres-1/)
    const at = (name: string) => stackAt(join(main.root, 'workspaces', name, 'stack'))
    for (const [index, name] of names.entries()) await at(name).sql(`update items set name = 'of ${index}'`)
    for (const [index, name] of names.entries())
      expect(await at(name).sql('select distinct name from items')).toBe(`of ${index}\n`)
    expect(await main.sql(digest)).toBe(rows)
    const listed = await angeeJson<{ name: string }[]>(main.root, ['workspace', 'ls'])
    expect(listed.map(({ name }) => name)).toEqual(expect.arrayContaining(names))
    for (const name of names) await main.must('workspace', 'destroy', name, '--purge', '--yes')
    expect(await traces()).toEqual(before)
  })

  it.each([300, 900, 2000, 4000, 7000])(
    'killed %i ms after it began, the next command cleans up or goes on',
    async (delay) => {
      const { child, ended } = startAngee(main.root, create('killed', '--restore', 'monday'))
      await wait(delay)
      child.kill('SIGKILL')
      await ended
      const { stdout } = await main.must('workspace', 'ls', '-o', 'name')
      const root = join(main.root, 'workspaces/killed/stack')
      if (!stdout.split('\n').includes('killed')) {
        expect(existsSync(join(main.root, 'workspaces/killed'))).toBe(false)
        await main.must(...create('killed', '--restore', 'monday'))
      } else await stackAt(root).must('stack', 'up')
      expect(await stackAt(root).sql(digest)).toBe(rows)
      await main.must('workspace', 'destroy', 'killed', '--purge', '--yes')
      expect(await containersOf('killed-')).toEqual([])
    },
  )

  it('a snapshot that has no place in the new stack leaves nothing behind', async () => {
    const before = await traces()
    const { code, stderr } = await main.angee(
      'workspace',
      'create',
      'none',
      '--template',
      'experiment',
      '--restore',
      'monday',
    )
    expect([code, stderr]).toEqual([1, expect.stringMatching(/no place for service\/postgres/)])
    expect(await traces()).toEqual(before)
  })

  /** Everything the workspaces of these cases could leave: containers, networks, volumes, directories, leased ports. */
  async function traces(): Promise<unknown> {
    const list = async (...words: string[]) => {
      const { stdout } = await run('docker', words, '/')
      return stdout.split('\n').filter((name) => /^(many-\d+|none)-[0-9a-f]{8}/.test(name))
    }
    const workspaces = await angeeJson<unknown>(main.root, ['workspace', 'ls'])
    return {
      containers: await list('ps', '-a', '--format', '{{.Names}}'),
      networks: await list('network', 'ls', '--format', '{{.Name}}'),
      volumes: await list('volume', 'ls', '--format', '{{.Name}}'),
      directories: (await readdir(join(main.root, 'workspaces')).catch(() => [] as string[])).sort(),
      workspaces,
    }
  }
})
