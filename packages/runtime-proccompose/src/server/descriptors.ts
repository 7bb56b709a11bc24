import { readdirSync, readFileSync } from 'node:fs'

/**
 * The highest descriptor of this process that a child would inherit, 2 when there is none besides the standard ones.
 * The lock of a stack is inherited on purpose, by hooks; a server that outlives us would hold it for ever.
 */
export function highestInheritable(): number {
  return Math.max(2, ...descriptors().filter(isInheritable))
}

function descriptors(): number[] {
  for (const directory of ['/proc/self/fd', '/dev/fd']) {
    try {
      return readdirSync(directory).map(Number).filter(Number.isInteger)
    } catch {
      // The other system's.
    }
  }
  return []
}

/** Where the kernel does not tell, every one counts. */
function isInheritable(descriptor: number): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'))?.[1]
    const closeOnExec = 0o2000000
    return flags === undefined || (Number.parseInt(flags, 8) & closeOnExec) === 0
  } catch {
    // On Linux it has been closed meanwhile: it was that of the listing itself.
    return process.platform !== 'linux'
  }
}
