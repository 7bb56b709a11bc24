import { broughtUpCases } from './brought-up-cases.ts'
import { contractSuite } from './contract.ts'
import { killedCases } from './killed-cases.ts'
import { standIn } from './stack.ts'
import { supervisedCases } from './supervised-cases.ts'

// The same cases run against the real server in process-compose.engine.test.ts.
supervisedCases('a stand-in server', standIn)
broughtUpCases('a stand-in server', standIn)
killedCases('a stand-in server', standIn)
contractSuite('process-compose, stand-in', standIn)
