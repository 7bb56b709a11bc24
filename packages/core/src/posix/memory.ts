import { systemCall } from './library.ts'

/** `M_MMAP_THRESHOLD` of mallopt(3). */
const mmapThreshold = -3
let done = false

/**
 * Makes the C library give large blocks back to the kernel as soon as they are freed. Its default is to raise the
 * size from which it does so to whatever was freed last, and then megabytes of every past buffer stay with the process.
 * A C library without that knob has no such habit.
 */
export function returnFreedMemory(): void {
  if (done || process.platform !== 'linux') return
  done = true
  try {
    systemCall('int mallopt(int parameter, int value)')(mmapThreshold, 1 << 20)
  } catch {
    // Not glibc.
  }
}
