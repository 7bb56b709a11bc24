import type { SuiteApi } from '../../api.ts'
import type { OpenEmptyStack } from './fixture.ts'
import { jobCases } from './job-cases.ts'
import { jobEndingCases } from './job-ending-cases.ts'
import { prepareCases } from './prepare-cases.ts'
import { secretCases } from './secret-cases.ts'
import { upCases } from './up-cases.ts'

export type { EmptyStack, OpenEmptyStack } from './fixture.ts'

/** prepare, up, down and runJob. */
export function bringUpCases(api: SuiteApi, open: OpenEmptyStack): void {
  prepareCases(api, open)
  upCases(api, open)
  secretCases(api, open)
  jobCases(api, open)
  jobEndingCases(api, open)
}
