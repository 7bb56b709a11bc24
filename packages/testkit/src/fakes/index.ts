export { type FakeClock, fakeClock } from './clock.ts'
export { type LogLine, type TestContext, type TestContextOptions, testContext } from './context.ts'
export { type MemoryBackend, type MemoryBackendOptions, memoryBackend, type StoredSnapshot } from './memory-backend.ts'
export {
  type MemoryObjectStore,
  type MemoryObjectStoreOptions,
  memoryObjectStore,
  type StoreCall,
} from './memory-object-store.ts'
