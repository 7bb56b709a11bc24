import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = new URL('../../../', import.meta.url).pathname

/** What the linter, with the workspace's own rules, says of a source that lies in that file. */
function lint(file: string, source: string): { ok: boolean; output: string } {
  const workspace = mkdtempSync(join(tmpdir(), 'angee-laws-'))
  try {
    cpSync(join(root, 'biome.json'), join(workspace, 'biome.json'))
    mkdirSync(join(workspace, dirname(file)), { recursive: true })
    writeFileSync(join(workspace, file), source)
    const biome = join(root, 'node_modules', '.bin', 'biome')
    const { status, stdout, stderr } = spawnSync(biome, ['lint', '--vcs-enabled=false', file], {
      cwd: workspace,
      encoding: 'utf8',
    })
    return { ok: status === 0, output: stdout + stderr }
  } finally {
    rmSync(workspace, { recursive: true })
  }
}

describe('the layer laws', () => {
  it.each([
    ['packages/core/src/x.ts', "import '@angee/archive'\n"],
    ['packages/core/src/x.ts', "import 'node:child_process'\n"],
    ['packages/core/src/x.ts', "import 'node:net'\n"],
    ['packages/archive/src/x.ts', "import '@angee/backend-localfs'\n"],
    ['packages/backend-localfs/src/x.ts', "import '@angee/runtime-compose'\n"],
    ['packages/backend-other/src/x.ts', "import '@angee/cli'\n"],
    ['packages/runtime-compose/src/x.ts', "import '@angee/archive'\n"],
    ['packages/runtime-proccompose/src/x.ts', "import '@angee/runtime-compose'\n"],
    ['packages/testkit/src/x.ts', "import '@angee/backend-localfs'\n"],
    ['packages/operator/src/x.ts', "import '@angee/backend-localfs'\n"],
    ['packages/operator/src/x.ts', "import '@angee/runtime-compose/register'\n"],
  ])('fail the lint of %s that has %s', (file, source) => {
    const { ok, output } = lint(file, source)
    expect(ok).toBe(false)
    expect(output).toContain('noRestrictedImports')
  })

  it.each([
    ['packages/archive/src/x.ts', "import '@angee/core/errors'\n"],
    ['packages/backend-localfs/src/x.ts', "import '@angee/archive'\nimport '@angee/core'\n"],
    ['packages/cli/src/x.ts', "import '@angee/runtime-compose/register'\n"],
  ])('let %s have %s', (file, source) => {
    const { ok, output } = lint(file, source)
    expect(ok, output).toBe(true)
  })
})

it('keeps the names of database products out of every source', () => {
  const products = /postgres|mysql|mariadb|redis|mongo|sqlite|clickhouse|psql|pg_dump/i
  const files = execFileSync('git', ['ls-files', ':(glob)packages/*/src/**'], { cwd: root, encoding: 'utf8' })
    .trim()
    .split('\n')
  expect(files.length).toBeGreaterThan(100)
  // What the suites need is named where engines are probed, for tests alone.
  const sources = files.filter((file) => file !== 'packages/testkit/src/engines.ts')
  expect(sources.filter((file) => products.test(readFileSync(join(root, file), 'utf8')))).toEqual([])
})
