import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

/**
 * The one test command: build, lint, types, packages, then every suite. Suites whose engine is missing do not run and
 * are named at the end with the reason; with ANGEE_REQUIRE_ENGINES they fail instead.
 */
interface Step {
  name: string
  command: string[]
}

interface SuiteReport {
  numPassedTests: number
  numFailedTests: number
  testResults: {
    name: string
    message: string
    assertionResults: { fullName: string; status: string; failureMessages: string[] }[]
  }[]
}

const scratch = mkdtempSync(join(tmpdir(), 'angee-test-'))
const skippedReport = join(scratch, 'skipped.jsonl')

const checks: Step[] = [
  { name: 'build', command: ['turbo', 'run', 'build', '--output-logs=errors-only'] },
  { name: 'lint, with the layer laws', command: ['biome', 'check', '.'] },
  { name: 'types', command: ['tsc', '--noEmit', '-p', 'tsconfig.json'] },
  { name: 'unused files, exports and dependencies', command: ['knip'] },
  { name: 'packages as published', command: ['node', 'scripts/check-packages.ts'] },
]
const suites = ['unit', 'engine', 'e2e']

let passed = 0
let failed = 0
const failures: string[] = []

for (const { name, command } of checks) if (!run(name, command)) failures.push(name)
for (const suite of suites) {
  const output = join(scratch, `${suite}.json`)
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${output}`]
  if (!run(`${suite} tests`, ['vitest', 'run', '--project', suite, ...reporters])) failures.push(`${suite} tests`)
  if (existsSync(output)) {
    const report = JSON.parse(readFileSync(output, 'utf8')) as SuiteReport
    passed += report.numPassedTests
    failed += report.numFailedTests
    failures.push(...failedCases(report))
  }
}

console.log('\n── summary')
const skipped = readSkipped()
for (const { suite, reason } of skipped) console.log(`not run: ${suite}: ${reason}`)
if (skipped.length === 0) console.log('every suite ran')
else console.log('Provide what is missing on Debian with: sudo scripts/provision')
// Again, because of a long run only the end may be kept.
for (const failure of failures) console.log(`failed: ${failure}`)
console.log(`${passed} passed, ${failed} failed`)
rmSync(scratch, { recursive: true })
process.exit(failures.length === 0 && failed === 0 && passed > 0 ? 0 : 1)

function run(name: string, [command = '', ...args]: string[]): boolean {
  console.log(`\n── ${name}`)
  const started = performance.now()
  const env = { ...process.env, ANGEE_SKIPPED_REPORT: skippedReport, TURBO_TELEMETRY_DISABLED: '1' }
  const { status } = spawnSync(command, args, { stdio: 'inherit', env })
  console.log(`── ${name}: ${status === 0 ? 'ok' : 'FAILED'} in ${((performance.now() - started) / 1000).toFixed(1)} s`)
  return status === 0
}

/** Each failed case with where it stands and the beginning of what it says. */
function failedCases({ testResults }: SuiteReport): string[] {
  return testResults.flatMap(({ name, message, assertionResults }) => {
    const file = relative(process.cwd(), name)
    const cases = assertionResults.filter(({ status }) => status === 'failed')
    if (cases.length === 0) return message === '' ? [] : [`${file}: ${beginning(message)}`]
    return cases.map(
      ({ fullName, failureMessages }) => `${file}: ${fullName}\n${beginning(failureMessages.join('\n'))}`,
    )
  })
}

function beginning(text: string): string {
  return stripVTControlCharacters(text)
    .split('\n')
    .slice(0, 12)
    .map((line) => `    ${line}`)
    .join('\n')
}

function readSkipped(): { suite: string; reason: string }[] {
  if (!existsSync(skippedReport)) return []
  const lines = readFileSync(skippedReport, 'utf8').trim().split('\n')
  const all = lines.map((line) => JSON.parse(line) as { suite: string; reason: string })
  return all.filter((one, index) => all.findIndex((other) => other.suite === one.suite) === index)
}
