export { liveDirectory } from './live-directory.ts'
export { locateStack, type StackPlace } from './locate.ts'
export { onRuntimes, type Runtimes, type StackServiceStatus, stackStatus } from './runtimes.ts'
export { openStack, readManifest, type Stack, type StackOpening } from './stack.ts'
