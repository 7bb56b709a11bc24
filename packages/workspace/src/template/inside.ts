import { relative } from 'node:path'

/** Whether `path` is `directory` or lies below it. Both absolute and without symbolic links. */
export function isInside(path: string, directory: string): boolean {
  const way = relative(directory, path)
  return way === '' || (way !== '..' && !way.startsWith('../'))
}
