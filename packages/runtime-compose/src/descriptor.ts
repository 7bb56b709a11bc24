import { defineRuntime } from '@angee/core'
import { composeOptions } from './options.ts'
import { openCompose } from './runtime.ts'

/** The runtime `compose`: services of `runtime: container`, run by Docker Compose 2.26 or newer. */
export default defineRuntime({
  contract: 1,
  type: 'compose',
  serves: 'container',
  options: composeOptions,
  open: async (opening) => openCompose(opening, process.env),
})
