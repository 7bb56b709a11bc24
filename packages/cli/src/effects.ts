import type { Writable } from 'node:stream'
import { type BringUpEffects, openStack } from '@angee/core'
import { stackOpening } from './session.ts'
import type { Surface } from './surface.ts'

/** What bringing a stack up needs of this process. `output` gets what jobs write. */
export function bringUpEffects(surface: Surface, output?: Writable): BringUpEffects {
  return {
    openStack: (root, ctx) => openStack({ ...stackOpening(surface), directory: root }, ctx),
    environment: process.env,
    ...(output === undefined ? {} : { output }),
  }
}
