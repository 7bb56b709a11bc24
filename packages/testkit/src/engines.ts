import { execFileSync } from 'node:child_process'
import { accessSync, appendFileSync, constants, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What a suite can need besides Node; the words are the steps of `scripts/provision`. */
export type EngineRequirement =
  | 'docker'
  | 'process-compose'
  | 'restic'
  | 'rest-server'
  | 's3'
  | 'openfga'
  | 'chromium'
  | 'promtool'
  | 'postgres-image'
  | 'base-image'
  | 'postgres'
  | 'recipes-image'
  | 'tools'

/** This package needs no runner; the suites of this repository, which call `engineSuite`, run under vitest. */
const runner = process.env['VITEST'] === undefined ? undefined : await import('vitest').catch(() => undefined)

/**
 * Declares a suite that needs real engines. When one is missing that `ANGEE_REQUIRE_ENGINES` names (a comma-separated
 * list, or `all`), the suite is a failing test; else it is skipped with the reason, and `{suite, reason}` is appended
 * as a line of JSON to the file that `ANGEE_SKIPPED_REPORT` names. Never skipped in silence.
 */
export function engineSuite(name: string, requirements: readonly EngineRequirement[], body: () => void): void {
  if (runner === undefined) throw new Error(`engineSuite("${name}") works under vitest only`)
  const { describe, it } = runner
  const missing = requirements
    .map((requirement) => ({ requirement, reason: missingEngine(requirement) }))
    .filter(({ reason }) => reason !== undefined)
  if (missing.length === 0) {
    describe(name, body)
    return
  }

  const reason = missing.map((one) => one.reason).join('; ')
  if (missing.some(({ requirement }) => isRequired(requirement))) {
    describe(name, () => {
      it('has the engines it needs', () => {
        throw new Error(`${reason}. Run: sudo scripts/provision`)
      })
    })
    return
  }
  const report = process.env['ANGEE_SKIPPED_REPORT']
  if (report) appendFileSync(report, `${JSON.stringify({ suite: name, reason })}\n`)
  // Not the body: what is missing may be missed while the cases are declared.
  describe.skip(`${name} (not run: ${reason})`, () => {
    it('needs engines that are not here', () => undefined)
  })
}

function isRequired(requirement: EngineRequirement): boolean {
  const required = (process.env['ANGEE_REQUIRE_ENGINES'] ?? '').split(',').filter((word) => word !== '')
  const unknown = required.filter((word) => word !== 'all' && !Object.hasOwn(probes, word))
  // A word that means nothing would require nothing, in silence.
  if (unknown.length > 0) throw new Error(`ANGEE_REQUIRE_ENGINES names no engine: ${unknown.join(', ')}`)
  return required.includes('all') || required.includes(requirement)
}

/** What `scripts/provision` wrote down under that key, e.g. `POSTGRES_BIN`; undefined when it did not run. */
export function provisionedFact(key: string): string | undefined {
  const file = join(process.env['ANGEE_PROVISION_DIR'] ?? '/var/cache/angee-test', 'env')
  try {
    return new RegExp(`^${key}=(.*)$`, 'm').exec(readFileSync(file, 'utf8'))?.[1]
  } catch {
    return undefined
  }
}

/** Why the requirement is not met, or undefined when it is. Takes a fraction of a second. */
export function missingEngine(requirement: EngineRequirement): string | undefined {
  try {
    probes[requirement]()
    return undefined
  } catch (error) {
    return `${requirement}: ${firstLine(error)}`
  }
}

const probes: Record<EngineRequirement, () => void> = {
  docker: () => {
    require(output('docker', 'info', '--format', '{{.ServerVersion}}') !== '', 'the Docker engine does not answer')
    const version = output('docker', 'compose', 'version', '--short')
    require(atLeast(version, 2, 26), `docker compose is ${version}, 2.26 or newer is needed`)
  },
  'process-compose': () => void output(provisionedFact('PROCESS_COMPOSE') ?? 'process-compose', 'version'),
  restic: () => {
    const version = output(provisionedFact('RESTIC') ?? 'restic', 'version').split(' ')[1] ?? ''
    require(atLeast(version, 0, 18), `restic is ${version}, 0.18 or newer is needed`)
  },
  'rest-server': () => void output(provisionedFact('REST_SERVER') ?? 'rest-server', '--version'),
  s3: () => {
    void output(provisionedFact('VERSITYGW') ?? 'versitygw', '--version')
    accessSync(provisionedFact('GOFAKES3') ?? '/usr/local/bin/gofakes3', constants.X_OK)
  },
  openfga: () => void output(provisionedFact('OPENFGA') ?? 'openfga', 'version'),
  chromium: () => void output(provisionedFact('CHROMIUM') ?? 'chromium', '--version'),
  promtool: () => void output('promtool', '--version'),
  'postgres-image': () => image('POSTGRES_IMAGE', 'angee-test/postgres:17'),
  'base-image': () => image('BASE_IMAGE', 'angee-test/base:trixie'),
  'recipes-image': () => image('RECIPES_IMAGE', 'angee-test/recipes:trixie'),
  postgres: () => {
    const directory = provisionedFact('POSTGRES_BIN')
    require(directory !== undefined, 'scripts/provision has not put a Postgres here')
    accessSync(join(String(directory), 'initdb'), constants.X_OK)
  },
  tools: () => {
    for (const tool of ['sqlite3', 'zstd', 'tar', 'age']) output(tool, '--version')
    output('rclone', 'version')
  },
}

function image(fact: string, usual: string): void {
  output('docker', 'image', 'inspect', '--format', '{{.Id}}', provisionedFact(fact) ?? usual)
}

function output(program: string, ...args: string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', timeout: 15_000, stdio: ['ignore', 'pipe', 'pipe'] }).trim()
}

function require(met: boolean, problem: string): void {
  if (!met) throw new Error(problem)
}

function atLeast(version: string, major: number, minor: number): boolean {
  const [, first, second] = /^v?(\d+)\.(\d+)/.exec(version) ?? []
  return Number(first) > major || (Number(first) === major && Number(second) >= minor)
}

/** The first line that says something: a program's own words rather than "Command failed". */
function firstLine(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message?: string }
  return (stderr?.trim() || message || String(error)).split('\n')[0] ?? ''
}
