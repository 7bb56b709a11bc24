import { join } from 'node:path'
import { defineBackend } from '@angee/core'
import { resticBackend } from './backend.ts'
import { resticOptions } from './options.ts'
import { resticEnvironment } from './program/environment.ts'
import { resticOn } from './program/restic.ts'
import { repositoryPlace } from './repository/place.ts'

export type { ResticOptions } from './options.ts'

/** Snapshots in a restic repository: encrypted, deduplicated, on anything restic can reach. */
export default defineBackend({
  contract: 1,
  type: 'restic',
  options: resticOptions,
  async open({ options, stackRoot, trees }) {
    const place = repositoryPlace(options.repository, stackRoot)
    const environment = resticEnvironment(options, place, stackRoot, process.env)
    return resticBackend(resticOn({ program: options.program, environment, place, stackRoot }), trees, stackRoot)
  },
  scratch({ options, stackRoot, trees }, name) {
    // restic can make a repository anywhere, and remove none: that can be done here only for one on this machine.
    const { directory } = repositoryPlace(options.repository, stackRoot)
    if (directory === undefined) return undefined
    const location = join(directory, `${name}~`)
    const environment = { ...options.environment, RESTIC_CACHE_DIR: join(location, 'cache') }
    return {
      options: { ...options, repository: join(location, 'repository'), environment },
      location,
      remove: () => trees.remove(location),
    }
  },
})
