export { default } from './descriptor.ts'
export type { ComposeOptions } from './options.ts'
