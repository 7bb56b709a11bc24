import { failure, type Purpose, refusal } from './errors.ts'
import { type Found, propfindBody, readMultistatus } from './multistatus.ts'
import type { Server } from './server.ts'

/** What lies at `path`, itself: a file or a collection. Undefined where there is nothing. */
export async function look(
  server: Server,
  path: string,
  purpose: Purpose,
  signal: AbortSignal,
): Promise<Found | undefined> {
  const found = await propfind(server, path, '0', purpose, signal)
  return found?.[0]
}

/** What lies in a collection, in no order. Undefined where there is nothing at `path`, or no collection. */
export async function lookInto(
  server: Server,
  path: string,
  purpose: Purpose,
  signal: AbortSignal,
): Promise<Found[] | undefined> {
  const found = await propfind(server, path, '1', purpose, signal)
  if (found === undefined) return undefined
  const least = Math.min(...found.map(({ depth }) => depth))
  // A proxy may show the server under another address, so the collection itself is told by its depth.
  const [self, ...others] = found.filter(({ depth }) => depth === least)
  if (self?.isCollection === false) return undefined
  if (self === undefined || others.length > 0) {
    throw failure(server, purpose, new Error('the listing does not name the collection itself'), signal)
  }
  return found.filter((one) => one !== self)
}

/** How often a listing is asked for that comes cut: some servers break off when something in it goes meanwhile. */
const attempts = 5

async function propfind(
  server: Server,
  path: string,
  depth: '0' | '1',
  purpose: Purpose,
  signal: AbortSignal,
): Promise<Found[] | undefined> {
  const headers = { depth, 'content-type': 'application/xml; charset=utf-8' }
  for (let attempt = 1; ; attempt += 1) {
    let listing: string | undefined
    try {
      const { status, body } = await server.ask({ method: 'PROPFIND', path, headers, body: propfindBody }, signal)
      if (status === 404) return undefined
      if (status === 400 && (await isBelowFile(server, path, purpose, signal))) return undefined
      if (status !== 207) throw refusal(server, purpose, status)
      listing = body
      return readMultistatus(listing)
    } catch (error) {
      if (listing === undefined || attempt === attempts) throw failure(server, purpose, error, signal)
    }
  }
}

/** Apache has no answer but 400 to what goes on behind the name of a file. Then there is nothing, and nothing is wrong. */
async function isBelowFile(server: Server, path: string, purpose: Purpose, signal: AbortSignal): Promise<boolean> {
  const above = path.replace(/\/[^/]*$/, '')
  if (above === path) return false
  const found = await look(server, above, purpose, signal)
  return found?.isCollection !== true
}
