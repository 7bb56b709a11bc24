export { manifestJsonSchema } from './json-schema.ts'
export type { Hook, Manifest, PersistEntry, Service } from './manifest.ts'
export { parseManifest } from './parse.ts'
export { didYouMean } from './suggest.ts'
