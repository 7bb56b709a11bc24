export type { BackendFixture, BackendPlace, BackendSuite, Damage } from './fixture.ts'
export { backendSuite, backendSuiteBytes } from './suite.ts'
