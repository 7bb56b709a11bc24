import { createRequire } from 'node:module'
import type koffi from 'koffi'
import { AngeeError } from '../errors/index.ts'

/*
 * The system calls Node does not offer: nanosecond times, FIFOs, devices, extended attributes, holes, kernel locks.
 * They are looked up on first use, so that a command that needs none of them does not load the library.
 */

type Call = (...args: unknown[]) => number
type Koffi = typeof koffi

const require = createRequire(import.meta.url)
/** A static import would cost every command the loading of native code, a listing of snapshots included. */
const foreign = (): Koffi => require('koffi') as Koffi
let library: ReturnType<Koffi['load']> | undefined
const calls = new Map<string, Call>()

/** The C function with that prototype from the C library of this process. */
export function systemCall(prototype: string): Call {
  const known = calls.get(prototype)
  if (known) return known
  library ??= foreign().load(null)
  const call = library.func(prototype) as Call
  calls.set(prototype, call)
  return call
}

/** The error of the system call that failed last on this thread, in the shape of Node's own. */
export function lastSystemError(call: string, path: string): NodeJS.ErrnoException {
  const { errno, os } = foreign()
  const number = errno()
  const name = Object.entries(os.errno).find(([, value]) => value === number)?.[0] ?? `errno ${number}`
  return Object.assign(new Error(`${name}: ${call} '${path}'`), { code: name, errno: -number, syscall: call, path })
}

/** Throws on platforms whose C library is not spoken here. */
export function requirePosix(): void {
  if (process.platform === 'linux' || process.platform === 'darwin') return
  throw new AngeeError('INTERNAL', `angee does not run on ${process.platform}`, { hint: 'Use Linux, macOS or WSL.' })
}
