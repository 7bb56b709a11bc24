export { type FileFacts, type Files, nodeFiles, type PathName } from './files.ts'
