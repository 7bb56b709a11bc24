import { engineSuite } from '@angee/testkit'
import { broughtUpCases } from './brought-up-cases.ts'
import { contractSuite } from './contract.ts'
import { killedCases } from './killed-cases.ts'
import { realProgram } from './stack.ts'
import { supervisedCases } from './supervised-cases.ts'

// The same cases run against a stand-in in stand-in.engine.test.ts, so that they can be worked on without the real server.
engineSuite('services under process-compose', ['process-compose'], () => {
  supervisedCases('process-compose', realProgram)
  broughtUpCases('process-compose', realProgram)
  killedCases('process-compose', realProgram)
  contractSuite('process-compose', realProgram)
})
