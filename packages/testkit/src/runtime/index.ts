export { type Behaviour, newMark, shellCommand } from './behaviour.ts'
export * from './fake/index.ts'
export type { OpenRuntime, RuntimeFixture } from './fixture.ts'
export { type RuntimeSuite, runtimeSuite } from './suite.ts'
