import type { Context } from '@angee/core'
import { failure, type Purpose, refusal } from './errors.ts'
import { askPatiently } from './locked.ts'
import { look } from './look.ts'
import type { Server } from './server.ts'

/** The collections that are known to be there. */
export interface Collections {
  /** Makes a collection (empty for the one in the options, else with `/` at its end) and those above it. */
  make(path: string, ctx: Context): Promise<void>
  /** Somebody else has removed one: what was known counts no more. */
  forget(): void
}

export function collectionsOf(server: Server): Collections {
  const known = new Set<string>()

  /** The status with which the server refuses to make it, if it does and it is not there. */
  const refused = async (path: string, purpose: Purpose, ctx: Context): Promise<number | undefined> => {
    const status = await mkcol(server, path, purpose, ctx)
    if (status === 201 || status === 405) return undefined
    // Not every server says 405 to what is there, least of all when two make it at the same moment.
    return (await look(server, path, purpose, ctx.signal))?.isCollection === true ? undefined : status
  }

  const make = async (path: string, ctx: Context): Promise<void> => {
    if (known.has(path)) return
    const purpose: Purpose = { text: `make the collection ${path || '/'}`, writes: true }
    // From below: nearly always all but the last one are there.
    if ((await refused(path, purpose, ctx)) !== undefined) {
      if (path !== '') await make(path.replace(/[^/]+\/$/, ''), ctx)
      const status = await refused(path, purpose, ctx)
      if (status !== undefined) throw refusal(server, purpose, status)
    }
    known.add(path)
  }

  return { make, forget: () => known.clear() }
}

async function mkcol(server: Server, path: string, purpose: Purpose, ctx: Context): Promise<number> {
  try {
    const { status } = await askPatiently(server, { method: 'MKCOL', path }, ctx)
    if (status === 401) throw refusal(server, purpose, status)
    return status
  } catch (error) {
    throw failure(server, purpose, error, ctx.signal)
  }
}
