import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

/** Packs every package as it would be published and checks the tarball: publint, types for ESM, README and licence. */
const root = new URL('../', import.meta.url).pathname
const directories = ['recipes', ...readdirSync(join(root, 'packages')).map((name) => join('packages', name))]
const scratch = mkdtempSync(join(tmpdir(), 'angee-pack-'))
const problems: string[] = []

for (const path of directories) {
  const directory = join(root, path)
  const name = basename(path)
  const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as {
    private?: boolean
    exports?: object
  }
  if (manifest.private) continue
  const packed = run(directory, 'pnpm', ['pack', '--pack-destination', scratch, '--json'])
  if (!packed.ok) {
    problems.push(`${name}: pnpm pack: ${packed.output}`)
    continue
  }
  const tarball = join(
    scratch,
    `angee-${name}-${(JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as { version: string }).version}.tgz`,
  )
  const contents = run(directory, 'tar', ['-tzf', tarball]).output
  for (const file of ['README.md', 'CHANGELOG.md', 'LICENSE'])
    if (!contents.includes(`package/${file}`)) problems.push(`${name}: the package has no ${file}`)
  const lint = run(directory, 'publint', ['--strict', tarball])
  if (!lint.ok) problems.push(`${name}: publint: ${lint.output}`)
  // A package of data has no types.
  if (existsSync(join(directory, 'src'))) {
    const types = run(directory, 'attw', [tarball, '--profile', 'esm-only', '--no-emoji', '--no-color'])
    if (!types.ok) problems.push(`${name}: attw: ${types.output}`)
  }
  console.log(`${name}: ${contents.trim().split('\n').length} files`)
}
rmSync(scratch, { recursive: true })
for (const problem of problems) console.error(problem)
process.exit(problems.length === 0 ? 0 : 1)

function run(cwd: string, command: string, args: string[]): { ok: boolean; output: string } {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  return { ok: status === 0, output: `${stdout ?? ''}${stderr ?? ''}` }
}
