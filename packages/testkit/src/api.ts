/**
 * The part of a test runner the suites need. Vitest's `{ describe, it }` fit, and so do those of `node:test`; what is
 * checked is checked with `node:assert`, so no runner has to be installed for this package.
 */
export interface SuiteApi {
  describe(name: string, body: () => void): unknown
  it(name: string, body: (test: RunningCase) => Promise<void>): unknown
}

/** The runner's own handle on the case that runs now. */
export interface RunningCase {
  /** Ends the case as skipped, with the reason in the runner's report. Some runners throw here, others return. */
  skip(reason: string): void
}
