export { manifestJsonSchema } from './json-schema.ts'
export type { DeclaredBackend, Hook, Manifest, PersistEntry, Service } from './manifest.ts'
export { parseManifest } from './parse.ts'
export { didYouMean } from './suggest.ts'
