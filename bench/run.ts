import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { databaseFile, mixedTree, smallFiles } from './corpora.ts'
import { listingRatio } from './listing.ts'
import { type Cost, measure, median } from './measure.ts'
import { type Tool, toolsFor } from './tools.ts'
import { unchangedTree } from './unchanged.ts'

/*
 * Snapshot and restore against peers in the same run. Figures are medians; ratios are what counts.
 *
 *   pnpm bench                    the three corpora, three rounds
 *   pnpm bench --rounds 1         quicker
 *   pnpm bench --memory           also peak memory from 1 to 10 GiB and from 10,000 to 1,000,000 files
 */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    memory: { type: 'boolean', default: false },
    only: { type: 'string' },
  },
})
const rounds = Number(values.rounds)
const place = mkdtempSync(join(process.env['ANGEE_BENCH_DIR'] ?? tmpdir(), 'angee-bench-'))

const corpora = {
  '50,000 small files': (directory: string) => smallFiles(directory, 50_000),
  'one 4 GiB database-like file': (directory: string) => databaseFile(directory, 4 * 2 ** 30),
  'mixed tree (10,000 small, 512 MiB database, 400 MiB incompressible)': mixedTree,
}

const lines = [
  `${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}, ${rounds} rounds`,
]
try {
  for (const [name, make] of Object.entries(corpora))
    if (!values.only || name.includes(values.only)) compare(name, make)
  if (values.memory) memory()
  if (!values.only || 'unchanged'.includes(values.only))
    lines.push('', `Second snapshot of 50,000 unchanged files: ${await unchangedTree(place)}`)
  if (!values.only) lines.push('', `\`angee stack backup ls\` with 10,000 snapshots: ${await listingRatio(place)}`)
} finally {
  rmSync(place, { recursive: true, force: true })
}
console.log(lines.join('\n'))

function compare(name: string, make: (directory: string) => void): void {
  console.error(`making: ${name}`)
  const corpus = join(place, 'corpus')
  mkdirSync(corpus)
  make(corpus)
  const work = join(place, 'work')
  mkdirSync(work)
  const tools = toolsFor(corpus, work)
  const costs = new Map(tools.map((tool) => [tool.name, { save: [] as Cost[], restore: [] as Cost[], size: 0 }]))
  // Tools take turns, so that whatever else the machine does hits all of them.
  for (let round = 1; round <= rounds; round++) {
    for (const tool of tools) {
      const cost = costs.get(tool.name)
      tool.reset()
      spawnSync('sync')
      cost?.save.push(measure(tool.save, tool.env))
      spawnSync('sync')
      cost?.restore.push(measure(tool.restore, tool.env))
      if (cost) cost.size = sizeOf(tool, work)
      compareTrees(tool, corpus)
      rmSync(tool.restored, { recursive: true, force: true })
      console.error(
        `  round ${round}: ${tool.name}: save ${cost?.save.at(-1)?.wall} s, restore ${cost?.restore.at(-1)?.wall} s`,
      )
    }
  }
  table(name, costs)
  rmSync(corpus, { recursive: true })
  rmSync(work, { recursive: true })
}

/** A peer that restores something else would make a fine figure and a wrong comparison. */
function compareTrees(tool: Tool, corpus: string): void {
  const { status, stdout } = spawnSync('diff', ['-rq', corpus, tool.restored], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${tool.name} restored something else: ${stdout.slice(0, 500)}`)
}

function sizeOf(tool: Tool, work: string): number {
  const store = { angee: 'angee-store', 'tar | zstd -T0 -3': 'tar', restic: 'restic', borg: 'borg' }[tool.name] ?? ''
  return Number(spawnSync('du', ['-sm', join(work, store)], { encoding: 'utf8' }).stdout.split('\t')[0])
}

function table(name: string, costs: Map<string, { save: Cost[]; restore: Cost[]; size: number }>): void {
  lines.push(
    '',
    `### ${name}`,
    '',
    '| tool | snapshot s | ratio | CPU s | peak MiB | restore s | ratio | CPU s | peak MiB | stored MiB |',
    '|---|---|---|---|---|---|---|---|---|---|',
  )
  const ours = costs.get('angee')
  if (!ours) return
  const [ourSave, ourRestore] = [median(ours.save), median(ours.restore)]
  for (const [tool, { save, restore, size }] of costs) {
    const [saved, restored] = [median(save), median(restore)]
    const ratio = (mine: Cost, theirs: Cost): string => (mine.wall / theirs.wall).toFixed(2)
    lines.push(
      `| ${tool} | ${saved.wall.toFixed(1)} | ${ratio(ourSave, saved)} | ${saved.cpu.toFixed(1)} | ${saved.memory.toFixed(0)} | ${restored.wall.toFixed(1)} | ${ratio(ourRestore, restored)} | ${restored.cpu.toFixed(1)} | ${restored.memory.toFixed(0)} | ${size} |`,
    )
  }
}

function memory(): void {
  lines.push('', '### Peak memory of angee', '', '| corpus | snapshot MiB | restore MiB |', '|---|---|---|')
  const sizes: [string, (directory: string) => void][] = [
    ['1 GiB file', (directory) => databaseFile(directory, 2 ** 30)],
    ['10 GiB file', (directory) => databaseFile(directory, 10 * 2 ** 30)],
    ['10,000 files', (directory) => smallFiles(directory, 10_000, 100)],
    ['1,000,000 files', (directory) => smallFiles(directory, 1_000_000, 100)],
  ]
  for (const [name, make] of sizes) {
    const corpus = join(place, 'corpus')
    const work = join(place, 'work')
    mkdirSync(corpus)
    mkdirSync(work)
    make(corpus)
    const [angee] = toolsFor(corpus, work)
    if (!angee) return
    angee.reset()
    const saved = measure(angee.save, angee.env)
    const restored = measure(angee.restore, angee.env)
    lines.push(`| ${name} | ${saved.memory.toFixed(0)} | ${restored.memory.toFixed(0)} |`)
    console.error(lines.at(-1))
    rmSync(corpus, { recursive: true })
    rmSync(work, { recursive: true })
  }
}

if (values.only === undefined) {
  mkdirSync(new URL('results/', import.meta.url), { recursive: true })
  writeFileSync(new URL('results/latest.md', import.meta.url), `${lines.join('\n')}\n`)
}
