import { defineRuntime } from '@angee/core'
import { proccomposeOptions } from './options.ts'
import { openProccompose } from './runtime.ts'

/** The runtime for services with `runtime: local`: processes of this machine under process-compose, or under none. */
export default defineRuntime({
  contract: 1,
  type: 'proccompose',
  serves: 'local',
  options: proccomposeOptions,
  open: async (opening) => openProccompose(opening, process.env),
})
