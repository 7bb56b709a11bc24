export type { BackendFixture, BackendPlace, BackendSuite, Damage } from './fixture.ts'
export { backendSuite } from './suite.ts'
