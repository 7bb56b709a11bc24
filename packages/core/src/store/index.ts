export { fileStore } from './file-store.ts'
export type { Store, Versioned } from './store.ts'
