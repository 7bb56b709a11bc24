import type { SuiteApi } from '../api.ts'
import { cancelCases } from './cancel.ts'
import { copyCases } from './copy.ts'
import { deleteCases } from './delete.ts'
import type { OpenObjectStore } from './fixture.ts'
import { garbageCases } from './garbage.ts'
import { getCases } from './get.ts'
import { ifAbsentCases } from './if-absent.ts'
import { keyCases } from './keys.ts'
import { listCases } from './list.ts'
import { putCases } from './put.ts'
import { putFaultCases } from './put-faults.ts'

export interface ObjectStoreSuite {
  /** Shown in the report. */
  name: string
  open: OpenObjectStore
}

/**
 * Declares one case for every MUST of the ObjectStore contract. Each case opens a fresh, empty store with `open` and
 * disposes of it. Cases about an optional method are skipped, with the reason, where the store has none.
 */
export function objectStoreSuite(api: SuiteApi, { name, open }: ObjectStoreSuite): void {
  api.describe(`object store contract: ${name}`, () => {
    putCases(api, open)
    putFaultCases(api, open)
    ifAbsentCases(api, open)
    getCases(api, open)
    listCases(api, open)
    deleteCases(api, open)
    copyCases(api, open)
    cancelCases(api, open)
    keyCases(api, open)
    garbageCases(api, open)
  })
}
