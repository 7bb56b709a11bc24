export { default } from './descriptor.ts'
export type { ProccomposeOptions } from './options.ts'
