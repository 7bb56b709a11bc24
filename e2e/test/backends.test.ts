import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SnapshotManifest } from '@angee/core'
import { describeTree, engineSuite, provisionedFact } from '@angee/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cheapenKey } from '../../packages/backend-restic/test/support/cheap-key.ts'
import { angee, type Run } from '../support/angee.ts'
import { type PostgresStack, postgresStack, startedByHand } from '../support/postgres-stack.ts'
import { sampleCommandLines } from '../support/processes.ts'
import {
  bucket,
  type StorageServer,
  s3Keys,
  startGofakes3,
  startRestServer,
  startVersitygw,
} from '../support/storage-servers.ts'

/*
 * Postgres and files on every backend: snapshot, verify, restore into a stack in another directory, copy to the backend
 * after it in the list, and restore from there. What differs between the cases is `backup_backend` and nothing else.
 */
const rows = 20_000
const repositoryPassword = `canary-repository-${randomBytes(8).toString('hex')}`

engineSuite('a database stack', ['postgres', 'restic', 'rest-server', 's3', 'tools'], () => {
  let scratch: string
  let servers: Record<'versitygw' | 'gofakes3' | 'rest', StorageServer>
  let identity: string
  let source: PostgresStack
  let target: PostgresStack
  let places: Record<string, Record<string, unknown>>
  const printed: string[] = []
  const cheapened = new Set<string>()
  const repositories = (): string[] => [
    join(scratch, 'restic'),
    join(servers.rest.directory, 'shop'),
    join(servers.versitygw.directory, bucket, 'restic'),
  ]
  const sampling = new AbortController()
  let commandLines: Promise<Iterable<string>>

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'angee-places-'))
    servers = { versitygw: await startVersitygw(), gofakes3: await startGofakes3(), rest: await startRestServer() }
    const key = join(scratch, 'key.txt')
    execFileSync('age-keygen', ['-o', key], { stdio: 'ignore' })
    identity = /AGE-SECRET-KEY-\S+/.exec(await readFile(key, 'utf8'))?.[0] ?? ''
    const encryption = {
      recipients: [execFileSync('age-keygen', ['-y', key], { encoding: 'utf8' }).trim()],
      identity: secret('AGE_IDENTITY'),
    }
    const s3 = {
      type: 's3',
      bucket,
      region: 'us-east-1',
      path_style: true,
      access_key_id: s3Keys.id,
      secret_access_key: secret('S3_SECRET'),
    }
    const restic = { type: 'restic', password: secret('REPOSITORY_PASSWORD') }
    const environment = { AWS_ACCESS_KEY_ID: s3Keys.id, AWS_SECRET_ACCESS_KEY: secret('S3_SECRET') }
    places = {
      localfs: { type: 'localfs', path: join(scratch, 'localfs') },
      'localfs, encrypted': { type: 'localfs', path: join(scratch, 'encrypted'), encryption },
      's3 on versitygw': { ...s3, endpoint: servers.versitygw.url, prefix: 'shop' },
      's3 on versitygw, encrypted': { ...s3, endpoint: servers.versitygw.url, prefix: 'sealed', encryption },
      's3 on gofakes3': { ...s3, endpoint: servers.gofakes3.url, prefix: 'shop' },
      'restic on this disk': { ...restic, repository: join(scratch, 'restic') },
      'restic on rest-server': { ...restic, repository: `rest:${servers.rest.url}/shop/` },
      'restic on s3': { ...restic, repository: `s3:${servers.versitygw.url}/${bucket}/restic`, environment },
    }
    source = await postgresStack('source', {}, startedByHand)
    target = await postgresStack('target', {}, startedByHand)
    const secrets = `AGE_IDENTITY=${identity}\nS3_SECRET=${s3Keys.secret}\nREPOSITORY_PASSWORD=${repositoryPassword}\n`
    for (const { directory } of [source, target]) await writeFile(join(directory, '.env'), secrets, { mode: 0o600 })
    await fill(source)
    commandLines = sampleCommandLines(sampling.signal)
  })
  afterAll(async () => {
    sampling.abort()
    for (const stack of [source, target]) await stack[Symbol.asyncDispose]()
    for (const server of Object.values(servers)) await server[Symbol.asyncDispose]()
    await rm(scratch, { recursive: true, force: true })
  })

  const names = [
    'localfs',
    's3 on versitygw',
    'restic on this disk',
    'localfs, encrypted',
    's3 on gofakes3',
    'restic on rest-server',
    's3 on versitygw, encrypted',
    'restic on s3',
  ]
  describe.each(names.map((name, index) => ({ name, next: names[(index + 1) % names.length] ?? '' })))(
    'on $name',
    ({ name, next }) => {
      const keys = () => ({ backup_backend: places[name], backup: { backends: { next: places[next] } } })
      const label = name.replaceAll(/[^a-z0-9]+/g, '-')

      it('is snapshot, verified, and restored into another stack', async () => {
        await source.declare(keys())
        await source.sql(`insert into items (name, embedding) values ('${name}', '[1,2,3,4]')`)
        await writeFile(join(source.directory, 'data/uploads', label), name)
        expectDone(await command(source, 'stack', 'backup', '--name', label))
        expectDone(await command(source, 'stack', 'backup', 'verify', label))
        await target.declare(keys())
        expectDone(await command(target, 'stack', 'backup', 'reindex'))
        expectDone(await command(target, 'stack', 'restore', label, '--yes'))
        await expectSame()
      })

      it(`is copied to ${next}, and restored from there`, async () => {
        const { stdout } = expectDone(await command(source, 'stack', 'backup', 'show', label, '--json'))
        const manifest = JSON.parse(stdout) as SnapshotManifest
        const copy = ['stack', 'backup', 'copy', label, '--to', 'next']
        if (isEncrypted(name) && !isEncrypted(next)) {
          expect(await command(source, ...copy)).toMatchObject({ code: 2, stderr: expect.stringContaining('--plain') })
          copy.push('--plain')
        }
        expectDone(await command(source, ...copy))
        cheapen()
        await target.sql("insert into items (name, embedding) values ('foreign', '[0,0,0,0]')")
        await target.declare({ backup_backend: places[next] })
        expectDone(await command(target, 'stack', 'backup', 'reindex'))
        expectDone(await command(target, 'stack', 'restore', manifest.id, '--yes'))
        await expectSame()
        // A name is free again for the next case.
        expectDone(await command(target, 'stack', 'backup', 'rm', manifest.id, '--yes'))
      })
    },
  )

  it('made every repository by itself', () => {
    expect([...cheapened].sort()).toEqual(repositories().sort())
  })

  it('gives no secret away, in no output and on no command line', async () => {
    sampling.abort()
    const lines = [...(await commandLines)]
    expect(lines.some((line) => line.includes('restic'))).toBe(true)
    for (const canary of [repositoryPassword, s3Keys.secret, identity]) {
      expect(canary.length).toBeGreaterThan(10)
      expect(lines.filter((line) => line.includes(canary))).toEqual([])
      expect(printed.filter((text) => text.includes(canary))).toEqual([])
      for (const { directory } of [source, target]) {
        const found = execFileSync('sh', ['-c', 'grep -rlF "$CANARY" run || true'], {
          cwd: directory,
          env: { ...process.env, CANARY: canary },
          encoding: 'utf8',
        })
        expect(found).toBe('')
      }
    }
  })

  /**
   * Each repository is made by the command, with a key that takes half a second to compute, and a hundred restics are
   * started on it: after the first of them it is given another key.
   */
  function cheapen(): void {
    const made = repositories().filter((directory) => existsSync(join(directory, 'keys')) && !cheapened.has(directory))
    for (const directory of made) {
      cheapenKey(directory, repositoryPassword, provisionedFact('RESTIC') ?? 'restic')
      cheapened.add(directory)
    }
  }

  async function command({ directory, env }: PostgresStack, ...args: string[]): Promise<Run> {
    const result = await angee(directory, args, { ...env, ANGEE_DEBUG: '1' })
    printed.push(result.stdout, result.stderr)
    return result
  }

  async function expectSame(): Promise<void> {
    expect((await target.dump()) === (await source.dump())).toBe(true)
    const [found, expected] = await Promise.all(
      [target, source].map(({ directory }) => describeTree(join(directory, 'data/uploads'))),
    )
    expect(found).toEqual(expected)
  }
})

function isEncrypted(name: string): boolean {
  return name.includes('encrypted') || name.includes('restic')
}

/** How a manifest names a secret. */
function secret(name: string): string {
  return `\${secret.${name}}`
}

function expectDone(result: Run): Run {
  expect(result.code, result.stdout + result.stderr).toBe(0)
  return result
}

async function fill({ directory, sql }: PostgresStack): Promise<void> {
  await sql('create extension vector')
  await sql('create table items (id serial primary key, name text, embedding vector(4))')
  await sql(
    `select setseed(0.5); insert into items (name, embedding) select md5(i::text), array[random(), random(), random(), i]::real[]::vector from generate_series(1, ${rows}) i`,
  )
  const uploads = join(directory, 'data/uploads')
  await mkdir(join(uploads, 'deep'))
  for (let index = 0; index < 50; index++) await writeFile(join(uploads, `file-${index}`), randomBytes(index * 137))
  await writeFile(join(uploads, 'deep', 'large'), randomBytes(12_000_000))
}
