export type { ObjectStoreFixture, OpenObjectStore } from './fixture.ts'
export { type ObjectStoreSuite, objectStoreSuite } from './suite.ts'
