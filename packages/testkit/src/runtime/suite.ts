import type { SuiteApi } from '../api.ts'
import { bringUpCases, type OpenEmptyStack } from './bring-up/index.ts'
import { commandCases } from './command-cases.ts'
import { endingCases } from './ending-cases.ts'
import type { OpenRuntime } from './fixture.ts'
import { lifecycleCases } from './lifecycle-cases.ts'
import { outputCases } from './output-cases.ts'
import { streamCases } from './stream-cases.ts'

export interface RuntimeSuite {
  /** Shown in the report. */
  name: string
  open: OpenRuntime
  /** For the cases about prepare, up, down and runJob. */
  openEmpty: OpenEmptyStack
}

/**
 * Declares one case for every MUST of the Runtime contract. Each case opens the fixture and disposes of it.
 *
 * A process that a signal ended may be reported by its signal or as 128 and the signal's number; see `shellCode`.
 */
export function runtimeSuite(api: SuiteApi, { name, open, openEmpty }: RuntimeSuite): void {
  api.describe(`runtime contract: ${name}`, () => {
    commandCases(api, open)
    streamCases(api, open)
    outputCases(api, open)
    endingCases(api, open)
    lifecycleCases(api, open)
    bringUpCases(api, openEmpty)
  })
}
