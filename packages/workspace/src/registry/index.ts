export { isLocked, lockWorkspace, type WorkspaceLock } from './lock.ts'
export { isFree, leasedPorts, leasePorts, type PortRange, parseRange } from './ports.ts'
export type { Registry, WorkspaceRecord } from './record.ts'
export { openRegistry, type WorkspaceRegistry } from './registry.ts'
