import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { bucket, s3Keys, startVersitygw } from '../e2e/support/storage-servers.ts'
import { databaseFile, incompressibleFile, smallFiles } from './corpora.ts'
import { type Cost, measure, median, medianOf } from './measure.ts'

/*
 * Backends beyond the disk, against peers in the same run:
 *
 *   pnpm bench:storage                 three rounds
 *   pnpm bench:storage --rounds 1      quicker
 *
 *   pnpm bench:storage --only s3       or restic
 *
 * A ratio is the median of the rounds' ratios: both of a round see the same machine, whatever else it does.
 * restic: the backend against bare restic on the same tree, first and repeated runs. S3: one object through the object
 * store against rclone, on a server of this machine.
 */
const { values } = parseArgs({ options: { rounds: { type: 'string', default: '3' }, only: { type: 'string' } } })
const rounds = Number(values.rounds)
const place = mkdtempSync(join(process.env['ANGEE_BENCH_DIR'] ?? tmpdir(), 'angee-bench-'))
const main = new URL('../packages/cli/dist/main.js', import.meta.url).pathname

/** One thing done by angee and by a peer. `before` is not measured. */
interface Race {
  name: string
  before(): void
  ours: string
  peer: string
}

const lines = [
  '| what | angee s | peer s | ratio | angee CPU s | peer CPU s | angee MiB | peer MiB |',
  '|---|---|---|---|---|---|---|---|',
]
try {
  if (wants('restic')) {
    for (const [name, make] of [
      ['50,000 small files', (directory: string) => smallFiles(directory, 50_000)],
      ['one 1 GiB database-like file', (directory: string) => databaseFile(directory, 2 ** 30)],
    ] as const)
      await restic(name, make)
  }
  if (wants('s3')) await s3()
} finally {
  rmSync(place, { recursive: true, force: true })
}
console.log(lines.join('\n'))

function wants(part: string): boolean {
  return values.only === undefined || values.only === part
}

async function restic(name: string, make: (directory: string) => void): Promise<void> {
  const [corpus, root] = [fresh('stack/data'), join(place, 'stack')]
  make(corpus)
  // What was written in the last seconds counts as still being written.
  await wait(7000)
  const repositories = { ours: join(place, 'ours'), peer: join(place, 'peer') }
  const env = { RESTIC_PASSWORD: 'bench', RESTIC_CACHE_DIR: fresh('cache') }
  const options = { type: 'restic', repository: repositories.ours, password: 'bench-password' }
  writeFileSync(
    join(root, 'angee.yaml'),
    `backup_backend: ${JSON.stringify(options)}\npersist: { corpus: { subpath: ./data } }\n`,
  )
  const ours = `${process.execPath} ${main} --root ${root} stack backup -q`
  const peer = `cd ${corpus} && restic -q --repo ${repositories.peer} backup .`
  const first: Race = {
    name: `restic, ${name}, first run`,
    before: () => {
      for (const repository of Object.values(repositories)) rmSync(repository, { recursive: true, force: true })
      rmSync(join(root, 'run'), { recursive: true, force: true })
    },
    ours,
    peer: `restic -q --repo ${repositories.peer} init && ${peer}`,
  }
  run(first, env)
  run({ name: `restic, ${name}, repeated`, before: () => undefined, ours, peer }, env)
  rmSync(root, { recursive: true })
}

async function s3(): Promise<void> {
  await using server = await startVersitygw()
  for (const mebibytes of [256, 1024]) oneObject(server.url, mebibytes)
}

function oneObject(url: string, mebibytes: number): void {
  const file = join(fresh('object'), 'file')
  incompressibleFile(file, mebibytes << 20)
  const object = new URL('s3-object.ts', import.meta.url).pathname
  const ours = (what: string) => `${process.execPath} ${object} ${what}`
  const env = {
    S3_ENDPOINT: url,
    S3_BUCKET: bucket,
    S3_KEY_ID: s3Keys.id,
    S3_SECRET: s3Keys.secret,
    RCLONE_CONFIG: join(place, 'no-rclone.conf'),
    // rclone fails over a bundle in the environment, also where it speaks plain HTTP.
    AWS_CA_BUNDLE: '',
    RCLONE_CONFIG_V_TYPE: 's3',
    RCLONE_CONFIG_V_PROVIDER: 'Other',
    RCLONE_CONFIG_V_ENDPOINT: url,
    RCLONE_CONFIG_V_REGION: 'us-east-1',
    RCLONE_CONFIG_V_ACCESS_KEY_ID: s3Keys.id,
    RCLONE_CONFIG_V_SECRET_ACCESS_KEY: s3Keys.secret,
    // The bucket is there. rclone would make it, meet an error of this server, and retry for ever.
    RCLONE_CONFIG_V_NO_CHECK_BUCKET: 'true',
    // Nor does this server say that it wants the body, which rclone would wait for a second each part.
    RCLONE_EXPECT_CONTINUE_TIMEOUT: '0',
    RCLONE_RETRIES: '1',
    RCLONE_LOW_LEVEL_RETRIES: '3',
  }
  run(
    {
      name: `s3, upload of ${mebibytes} MiB`,
      before: () => undefined,
      ours: `${ours('put')} ${file}`,
      peer: `rclone copyto ${file} v:${bucket}/peer --ignore-times`,
    },
    env,
  )
  const back = join(place, 'back')
  const get = { ours: `${ours('get')} ${back}`, peer: `rclone copyto v:${bucket}/peer ${back}` }
  run({ name: `s3, download of ${mebibytes} MiB`, before: () => rmSync(back, { force: true }), ...get }, env)
  if (spawnSync('cmp', [file, back]).status !== 0) throw new Error('what came back from S3 is something else')
  rmSync(back)
}

/** Ours and the peer's take turns, so that whatever else the machine does hits both. */
function run({ name, before, ours, peer }: Race, env: Record<string, string>): void {
  const costs: Record<'ours' | 'peer', Cost[]> = { ours: [], peer: [] }
  for (let round = 1; round <= rounds; round++) {
    before()
    spawnSync('sync')
    costs.ours.push(measure(ours, env))
    if (name.includes('download')) before()
    spawnSync('sync')
    costs.peer.push(measure(peer, env))
    console.error(`  ${name}, round ${round}: ${costs.ours.at(-1)?.wall} s, ${costs.peer.at(-1)?.wall} s`)
  }
  const [mine, theirs] = [median(costs.ours), median(costs.peer)]
  const ratio = medianOf(costs.ours.map((cost, round) => cost.wall / (costs.peer[round]?.wall ?? Number.NaN)))
  lines.push(
    `| ${name} | ${mine.wall.toFixed(1)} | ${theirs.wall.toFixed(1)} | ${ratio.toFixed(2)} | ${mine.cpu.toFixed(1)} | ${theirs.cpu.toFixed(1)} | ${mine.memory.toFixed(0)} | ${theirs.memory.toFixed(0)} |`,
  )
}

function fresh(name: string): string {
  const directory = join(place, name)
  mkdirSync(directory, { recursive: true })
  return directory
}
