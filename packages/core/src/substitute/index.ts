export { slug } from './filters.ts'
export { type Lookup, plain, substitute, substituteSecrets } from './substitute.ts'
