export { buildTree, type TreeEntry, type TreeSpec } from './build.ts'
export { describeTree } from './describe.ts'
