export { archiveBackend } from './backend/archive-backend.ts'
export type { ByteRange, ObjectStore, PutOptions } from './object-store/object-store.ts'
export { treeTools } from './tree/tools.ts'
