import { createHash } from 'node:crypto'
import type { Context } from '@angee/core'
import { incoming } from './keys.ts'
import type { Later } from './later.ts'
import { askPatiently } from './locked.ts'
import type { Server } from './server.ts'

const body =
  '<?xml version="1.0" encoding="utf-8"?><lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype></lockinfo>'
/** After that the server frees it, whatever became of who holds it. A MOVE takes it a moment. */
const timeout = 'Second-60'

/**
 * Runs `work` while no other writer works on that key, on servers with locks. There are some, Apache among them, whose
 * MOVE looks first and renames then, and lets two writers win. What is locked is no object but a name beside them, so
 * that nobody sees anything of it. A server
 * without locks refuses, and the work is done all the same.
 */
export async function withMutex<Result>(
  server: Server,
  later: Later,
  key: string,
  ctx: Context,
  work: () => Promise<Result>,
): Promise<Result> {
  const path = `${incoming}mutex-${createHash('sha256').update(key).digest('hex').slice(0, 2)}`
  const headers = { depth: '0', timeout, 'content-type': 'application/xml; charset=utf-8' }
  const { status, lockToken } = await askPatiently(server, { method: 'LOCK', path, headers, body }, ctx)
  if ((status !== 200 && status !== 201) || lockToken === undefined) return work()
  const unlock = { method: 'UNLOCK', path, headers: { 'lock-token': lockToken } }
  try {
    return await work()
  } finally {
    // Nobody waits for it: where it does not come off, the lock frees itself after its time.
    later(({ signal }) => server.ask(unlock, signal), ctx)
  }
}
