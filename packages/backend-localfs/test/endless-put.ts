import { Readable } from 'node:stream'
import { testContext } from '@angee/testkit'
import { localfsObjectStore } from '../src/store/index.ts'

/** Started as a process of its own: puts an object that never ends, and says so once some of it is on the disk. */
const [directory = ''] = process.argv.slice(2)
let chunks = 0
const body = new Readable({
  read() {
    chunks += 1
    if (chunks === 8) process.stdout.write('writing\n')
    setTimeout(() => this.push(Buffer.alloc(1024 * 1024, 7)), chunks < 8 ? 0 : 20)
  },
})
await localfsObjectStore(directory).put('dir/endless', body, {}, testContext())
