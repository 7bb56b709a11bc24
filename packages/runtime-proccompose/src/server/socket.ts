import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Bytes the kernel has for the path of a socket, its NUL left out. */
const longest = process.platform === 'darwin' ? 103 : 107

/**
 * Where a server shall listen: at `wanted`, or where that is too long for a socket, in a directory that only we can
 * enter, made for it.
 */
export async function socketFor(wanted: string): Promise<{ socket: string; madeFor?: string }> {
  if (Buffer.byteLength(wanted) <= longest) return { socket: wanted }
  const madeFor = await mkdtemp(join(tmpdir(), 'angee-'))
  return { socket: join(madeFor, 'pc.sock'), madeFor }
}
