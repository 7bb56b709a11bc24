import { archiveBackend, treeTools } from '@angee/archive'
import { expect, it } from 'vitest'
import { backendSuite, backendSuiteBytes, memoryObjectStore } from '../src/index.ts'
import { runSuite } from './run-suite.ts'

it('the backend suite stores about as much as it says', async () => {
  let bytes = 0
  const keep = (_key: string, kept: Uint8Array) => {
    bytes += kept.length
    return kept
  }
  const reports = await runSuite((api) =>
    backendSuite(api, {
      name: 'counted',
      trees: treeTools,
      async open() {
        const objects = new Map<string, Uint8Array>()
        const reopen = async () => archiveBackend('counted', memoryObjectStore({ objects, keep }))
        return { backend: await reopen(), reopen, async [Symbol.asyncDispose]() {} }
      },
    }),
  )
  expect(reports.filter(({ outcome }) => outcome === 'failed')).toEqual([])
  // What was interrupted is not counted here; the cases break off dozens of megabytes.
  expect(bytes).toBeGreaterThan(backendSuiteBytes * 0.6)
  expect(bytes).toBeLessThan(backendSuiteBytes)
})
