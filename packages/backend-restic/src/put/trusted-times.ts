import { readFileSync } from 'node:fs'
import { statfs } from 'node:fs/promises'

/**
 * File systems, by the type that statfs(2) tells, whose times were seen to change with every kind of change, a store
 * through a mapping of a clean page included (docs/decisions/0011): ext2, ext3, ext4; XFS; Btrfs.
 */
const trusted = new Set([0xef53, 0x58465342, 0x9123683e])

/** Whether the times of what lies on the file system of `directory` tell of every change. */
export async function hasTrustedTimes(directory: string): Promise<boolean> {
  if (bootId() === undefined) return false
  return statfs(directory).then(
    ({ type }) => trusted.has(type),
    () => false,
  )
}

/**
 * This start of the machine. After a crash a file may have new bytes under old times, so nothing of an earlier start
 * counts as unchanged. Undefined where the platform does not tell.
 */
export function bootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
  } catch {
    return undefined
  }
}
