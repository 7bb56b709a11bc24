import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { treeTools } from '@angee/archive'
import { testContext, wholeStream } from '@angee/testkit'
import s3 from '../../src/index.ts'
import type { S3Options } from '../../src/options.ts'

/**
 * Started as a process of its own: stores one part, then one that never ends, and says so in the middle of it. The
 * options come by the environment, because a credential is among them.
 */
const [id = ''] = process.argv.slice(2)
const options = JSON.parse(process.env['S3_OPTIONS'] ?? '') as S3Options
const ctx = testContext()
const backend = await s3.open({ options, stackRoot: process.cwd(), trees: treeTools }, ctx)
const draft = { id, createdAt: new Date(0).toISOString(), stack: { name: 's', root: '/s', host: 'h' } }
const writer = await backend.begin(draft, ctx)
await writer.putStream('service/first', () => wholeStream(Buffer.alloc(100_000, 'a')), ctx)
let chunks = 0
const endless = new Readable({
  read() {
    chunks += 1
    if (chunks === 64) process.stdout.write('writing\n')
    setTimeout(() => this.push(randomBytes(1024 * 1024)), chunks < 64 ? 0 : 20)
  },
})
await writer.putStream('service/second', () => endless, ctx)
