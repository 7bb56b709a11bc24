export { type DrillEffects, type DrillReport, drillSnapshot } from './drill.ts'
