/**
 * The pattern by which restic leaves out exactly one sub-path of a directory, with what lies below it. It matches
 * patterns that begin with a slash against absolute paths, with the meaning of Go's filepath.Match.
 */
export function excludePattern(directory: string, path: string): string {
  return `${directory === '/' ? '' : directory}/${path}`.replace(/[\\*?[\]]/g, '\\$&')
}
