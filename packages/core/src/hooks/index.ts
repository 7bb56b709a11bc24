export { dumpStream } from './dump-stream.ts'
export { type HookStep, runHook } from './run-hook.ts'
