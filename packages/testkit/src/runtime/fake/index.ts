export {
  type FakeRuntime,
  type FakeRuntimeOptions,
  type FakeService,
  fakeRuntime,
  type RuntimeCall,
} from './fake-runtime.ts'
export type { FakeEnd, FakeProcess, FakeProgram } from './program.ts'
export { emits, exits, floodsStderr, hangs, isKilledAfter, takes } from './programs.ts'
