/*
 * What it takes to show the snapshots of a stack, and nothing more: a list is asked for often, by people who wait.
 * This entry loads no library and only the smallest part of Node's own.
 */
export type { CatalogSummary } from '../catalog/line.ts'
export { locateStack, type StackPlace } from '../stack/locate.ts'
export { listSnapshots } from './list.ts'
