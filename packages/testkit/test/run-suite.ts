import type { RunningCase, SuiteApi } from '../src/index.ts'

export interface CaseReport {
  name: string
  outcome: 'passed' | 'failed' | 'skipped'
  error?: unknown
}

/** Runs the cases a suite declares, one after the other, only those whose name matches, and reports on each. */
export async function runSuite(declare: (api: SuiteApi) => void, matching = /(?:)/): Promise<CaseReport[]> {
  const cases: { name: string; body: (test: RunningCase) => Promise<void> }[] = []
  declare({
    describe: (_name, body) => body(),
    it: (name, body) => cases.push({ name, body }),
  })
  const reports: CaseReport[] = []
  for (const { name, body } of cases) {
    if (matching.test(name)) reports.push(await runCase(name, body))
  }
  return reports
}

async function runCase(name: string, body: (test: RunningCase) => Promise<void>): Promise<CaseReport> {
  let outcome: CaseReport['outcome'] = 'passed'
  const skip = () => {
    outcome = 'skipped'
  }
  try {
    await body({ skip })
    return { name, outcome }
  } catch (error) {
    return { name, outcome: 'failed', error }
  }
}
