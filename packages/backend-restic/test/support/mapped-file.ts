import { closeSync, ftruncateSync, openSync } from 'node:fs'
import { systemCall } from '../../../core/src/posix/library.ts'

const bytes = 8192
const readAndWrite = 3
const shared = 1

export interface Mapped extends Disposable {
  /** One store into the shared mapping of the file. */
  store(text: string): void
}

/** A file as a database maps it: what is stored into memory becomes the file's content, with no call that says so. */
export function mapFile(path: string): Mapped {
  const descriptor = openSync(path, 'w+')
  ftruncateSync(descriptor, bytes)
  const map = systemCall('void *mmap(void *, size_t, int, int, int, int64_t)') as (...words: unknown[]) => unknown
  const copy = systemCall('void *memcpy(void *, const uint8_t *, size_t)')
  const address = map(null, bytes, readAndWrite, shared, descriptor, 0)
  const page = Buffer.alloc(bytes)
  return {
    store: (text) => {
      page.write(text)
      copy(address, page, bytes)
    },
    [Symbol.dispose]: () => {
      systemCall('int munmap(void *, size_t)')(address, bytes)
      closeSync(descriptor)
    },
  }
}
