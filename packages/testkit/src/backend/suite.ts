import type { SuiteApi } from '../api.ts'
import { cancelCases } from './cancel.ts'
import { damageCases } from './damage.ts'
import { encryptionCases } from './encryption.ts'
import { type BackendSuite, type DeclareCase, setUp } from './fixture.ts'
import { garbageCases } from './garbage.ts'
import { manyCases } from './many.ts'
import { streamPartCases } from './stream-parts.ts'
import { treePartCases } from './tree-parts.ts'
import { unchangedTreeCases } from './unchanged-trees.ts'
import { visibilityCases } from './visibility.ts'

/** About how many bytes the cases of {@link backendSuite} store, all of them together. */
export const backendSuiteBytes = 240_000_000

/**
 * Declares one case for every MUST of the BackupBackend contract. Each case opens a fresh, empty repository and
 * disposes of it. The backend's own capabilities and optional methods decide which cases apply; one that does not is
 * skipped with the reason in the runner's report.
 */
export function backendSuite(api: SuiteApi, suite: BackendSuite): void {
  const declare: DeclareCase = (name, body) => {
    api.it(name, async (test) => {
      await using bench = await setUp(suite)
      await body(bench, test)
    })
  }
  api.describe(`backend contract: ${suite.name}`, () => {
    visibilityCases(declare)
    streamPartCases(declare)
    treePartCases(declare)
    unchangedTreeCases(declare)
    manyCases(declare)
    cancelCases(declare)
    damageCases(declare)
    garbageCases(declare)
    encryptionCases(declare)
  })
}
