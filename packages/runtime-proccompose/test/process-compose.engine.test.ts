import { engineSuite } from '@angee/testkit'
import { contractSuite } from './contract.ts'
import { supervisedCases } from './supervised-cases.ts'

// The same cases run against a stand-in in stand-in.engine.test.ts, so that they can be worked on without the real server.
engineSuite('services under process-compose', ['process-compose'], () => {
  supervisedCases('process-compose', { program: 'process-compose', words: [] })
  contractSuite('process-compose', { program: 'process-compose', words: [] })
})
