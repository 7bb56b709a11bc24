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
})
