import { Readable } from 'node:stream'
import { treeTools } from '@angee/archive'
import { testContext, wholeStream } from '@angee/testkit'
import restic from '../src/index.ts'

/** Started as a process of its own: stores one part, then one that never ends, and says so in the middle of it. */
const [stackRoot = '', repository = '', id = ''] = process.argv.slice(2)
const ctx = testContext()
const backend = await restic.open(
  { options: { repository, program: process.env['RESTIC_PROGRAM'] ?? 'restic' }, stackRoot, trees: treeTools },
  ctx,
)
const draft = { id, createdAt: new Date(0).toISOString(), stack: { name: 's', root: stackRoot, host: 'h' } }
const writer = await backend.begin(draft, ctx)
await writer.putStream('service/first', () => wholeStream(Buffer.alloc(100_000, 'a')), ctx)
let chunks = 0
const endless = new Readable({
  read() {
    chunks += 1
    if (chunks === 16) process.stdout.write('writing\n')
    setTimeout(() => this.push(Buffer.alloc(1024 * 1024, chunks)), chunks < 16 ? 0 : 20)
  },
})
await writer.putStream('service/second', () => endless, ctx)
