import { AngeeError } from '@angee/core/errors'
import { type ByteString, shown } from '../bytes/path.ts'

/** What `read` gives; its error becomes TREE_UNREADABLE with the path in it. */
export function unreadable<Value>(path: ByteString, read: () => Value): Value {
  try {
    return read()
  } catch (error) {
    throw unreadableError(path, error)
  }
}

/** What the system says when a name no longer leads to what it led to. */
const gone = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'])

/** The same, and undefined when what `path` names went, or became something else, since its directory was listed. */
export function unlessGone<Value>(path: ByteString, read: () => Value): Value | undefined {
  try {
    return read()
  } catch (error) {
    if (gone.has((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw unreadableError(path, error)
  }
}

function unreadableError(path: ByteString, error: unknown): AngeeError {
  if (error instanceof AngeeError) return error
  const reason = error instanceof Error ? error.message : String(error)
  return new AngeeError('TREE_UNREADABLE', `${shown(path) || 'the tree'} cannot be read: ${reason}`, {
    hint: 'Let angee read it (run it as its owner or as root), or move it out of the persist entry.',
    context: { path: shown(path) },
    cause: error,
  })
}
