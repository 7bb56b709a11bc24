export { isLocked, lockWorkspace, type WorkspaceLock } from './lock.ts'
export { leasePorts, parseRange } from './ports.ts'
export type { Registry, WorkspaceRecord } from './record.ts'
export { openRegistry } from './registry.ts'
