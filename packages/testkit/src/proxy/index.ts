export type { Fault, ProxiedRequest } from './fault.ts'
export { type FaultPlan, type FaultProxy, faultProxy } from './fault-proxy.ts'
