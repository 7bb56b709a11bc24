import { join } from 'node:path'
import { archiveBackend, openEncryption } from '@angee/archive'
import { defineBackend } from '@angee/core'
import { backupDirectory, isWithin, localfsOptions } from './options.ts'
import { localfsObjectStore } from './store/index.ts'

export { type LocalfsOptions, localfsObjectStore } from './store/index.ts'

/** Snapshots in a directory of this machine. */
export default defineBackend({
  contract: 1,
  type: 'localfs',
  options: localfsOptions,
  async open({ options, stackRoot }) {
    const directory = backupDirectory(options.path, stackRoot)
    const keepOutOfGit = isWithin(stackRoot, directory)
    const encryption = options.encryption && (await openEncryption(options.encryption, stackRoot))
    return archiveBackend('localfs', localfsObjectStore(directory, { keepOutOfGit }), encryption)
  },
  scratch({ options, stackRoot, trees }, name) {
    // With the tilde it is no key, so the repository around it never sees it.
    const path = join(backupDirectory(options.path, stackRoot), `${name}~`)
    return { options: { ...options, path }, location: path, remove: () => trees.remove(path) }
  },
})
