export { takeSnapshot } from './backup.ts'
export { type CopyRequest, type CopyResult, copySnapshot } from './copy.ts'
export {
  type ExportContents,
  type ExportFile,
  type ExportRequest,
  type ExportResult,
  exportSnapshot,
} from './export.ts'
export { type ImportFile, importSnapshot } from './import.ts'
export { type PruneRequest, type PruneResult, pruneSnapshots } from './prune.ts'
export { recoverInterrupted, recoverStack, type Unfinished, unfinishedOperations } from './recover.ts'
export { type ReindexReport, reindex } from './reindex.ts'
export { removeSnapshot } from './remove.ts'
export { type RestoreOptions, type RestoreResult, restoreSnapshot, undoRequest, undoRestore } from './restore.ts'
export { verifySnapshot } from './verify.ts'
