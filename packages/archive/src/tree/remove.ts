import { chmodSync, lstatSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { type ByteString, enter, fromText, type Place, rootPlace, toPath } from '../bytes/path.ts'

/** What Node's own removal gives up at and ours does not: too deep a path, a directory its owner has closed. */
const ours = new Set(['ENAMETOOLONG', 'EACCES', 'EPERM'])

/** Removes a directory and everything below, however deep and however named; an absent one is done already. */
export async function removeTree(directory: string): Promise<void> {
  try {
    // Asynchronous and quick.
    await rm(directory, { recursive: true, force: true })
    return
  } catch (error) {
    if (!ours.has((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
  const path = fromText(directory)
  if (!lstatSync(toPath(path), { throwIfNoEntry: false })) return
  open(path)
  empty(rootPlace(path))
  rmdirSync(toPath(path))
}

function empty(place: Place): void {
  for (const item of readdirSync(toPath(place.path), { encoding: 'latin1', withFileTypes: true })) {
    const path = place.prefix + item.name
    if (item.isDirectory()) emptyAndRemove(place, item.name, path)
    else unlinkSync(toPath(path))
  }
}

function emptyAndRemove(parent: Place, name: ByteString, path: ByteString): void {
  open(path)
  const inner = enter(parent, name)
  try {
    empty(inner)
  } finally {
    inner.close()
  }
  rmdirSync(toPath(path))
}

/** Lets its owner in. Where that fails, what needs it fails next and says more. */
function open(directory: ByteString): void {
  try {
    chmodSync(toPath(directory), 0o700)
  } catch {
    return
  }
}
