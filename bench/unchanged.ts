import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { smallFiles } from './corpora.ts'
import { type Cost, measure, median } from './measure.ts'

const main = new URL('../packages/cli/dist/main.js', import.meta.url).pathname
const runs = 5

/** What a second snapshot of 50,000 files costs when none of them has changed, beside restic's second run on the same. */
export async function unchangedTree(place: string): Promise<string> {
  const root = join(place, 'unchanged')
  const [data, store, repository] = ['data', 'store', 'restic'].map((name) => join(root, name)) as [
    string,
    string,
    string,
  ]
  mkdirSync(root)
  smallFiles(data, 50_000)
  writeFileSync(
    join(root, 'angee.yaml'),
    `backup_backend: { type: localfs, path: ${store} }\npersist: { corpus: { subpath: ./data } }\n`,
  )
  // Files of the last two seconds count as still being written.
  await wait(3000)
  const env = { RESTIC_REPOSITORY: repository, RESTIC_PASSWORD: 'bench', RESTIC_CACHE_DIR: join(root, 'cache') }
  const angee = `${process.execPath} ${main} --root ${root} stack backup -q`
  const restic = `cd ${data} && restic -q backup .`
  const first = { angee: measure(angee), restic: measure(`restic -q init && ${restic}`, env) }
  const again = { angee: [] as Cost[], restic: [] as Cost[] }
  // They take turns, so that whatever else the machine does hits both.
  for (let run = 0; run < runs; run++) {
    spawnSync('sync')
    again.angee.push(measure(angee))
    spawnSync('sync')
    again.restic.push(measure(restic, env))
  }
  requireShared(store)
  rmSync(root, { recursive: true })
  const [ours, theirs] = [median(again.angee), median(again.restic)]
  const told = (cost: Cost): string =>
    `${cost.wall.toFixed(2)} s, ${cost.cpu.toFixed(2)} s CPU, ${cost.memory.toFixed(0)} MiB`
  return [
    `angee ${told(ours)}; restic ${told(theirs)}: ratio ${(ours.wall / theirs.wall).toFixed(2)} (medians of ${runs});`,
    `the first runs took ${first.angee.wall.toFixed(2)} and ${first.restic.wall.toFixed(2)} s`,
  ].join(' ')
}

/** A snapshot that read everything again would be another measurement. */
function requireShared(store: string): void {
  const snapshots = readdirSync(join(store, 'snapshots'))
  for (const id of snapshots) {
    const { nlink } = statSync(join(store, 'snapshots', id, 'parts', 'persist.corpus.tar.zst'))
    if (nlink !== snapshots.length)
      throw new Error(`${id} shares its part with ${nlink} of ${snapshots.length} snapshots`)
  }
}
