export {
  type BackendDescriptor,
  contractVersion,
  defineBackend,
  defineRuntime,
  type RuntimeDescriptor,
} from './descriptor.ts'
export { openBackend } from './open-backend.ts'
export { parseOptions, secret } from './options.ts'
export { loadPlugins } from './plugins.ts'
export { backendDescriptor, hasBackend, registerBackend, registerRuntime, runtimeDescriptors } from './registry.ts'
