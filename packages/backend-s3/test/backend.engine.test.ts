import { treeTools } from '@angee/archive'
import type { BackendDescriptor, PartId } from '@angee/core'
import { backendSuite, type Damage, descriptorSuite, engineSuite, testContext, wholeStream } from '@angee/testkit'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import s3 from '../src/index.ts'
import { type Bucket, makeBucket } from './support/bucket.ts'
import { killWriter } from './support/kill-writer.ts'
import { type Server, startGofakes3, startVersitygw } from './support/server.ts'

const servers = [
  { name: 'versitygw', start: startVersitygw, changes: {} },
  { name: 'gofakes3', start: startGofakes3, changes: { checksums: 'when_required' } },
]

for (const { name, start, changes } of servers) {
  engineSuite(`the backend on ${name}`, ['s3'], () => {
    let server: Server
    beforeAll(async () => {
      server = await start()
    })
    afterAll(() => server[Symbol.asyncDispose]())

    descriptorSuite(
      { describe, it: it.concurrent },
      {
        name: `s3 on ${name}`,
        descriptor: s3 as BackendDescriptor,
        trees: treeTools,
        async open() {
          const bucket = await makeBucket(server)
          return {
            options: { ...bucket.options(changes) },
            [Symbol.asyncDispose]: () => bucket[Symbol.asyncDispose](),
          }
        },
      },
    )

    backendSuite(
      { describe, it: it.concurrent },
      {
        name: `s3 on ${name}`,
        trees: treeTools,
        async open({ directory, trees }) {
          const bucket = await makeBucket(server)
          const options = bucket.options(changes)
          const opened = new AsyncDisposableStack()
          opened.use(bucket)
          const open = async () => opened.use(await s3.open({ options, stackRoot: directory, trees }, testContext()))
          return {
            backend: await open(),
            reopen: open,
            damage: (id, what, how) => damage(bucket, `stack/snapshots/${id}/${fileOf(what)}`, how),
            leaveGarbage: (id) => killWriter(options, id),
            [Symbol.asyncDispose]: () => opened.disposeAsync(),
          }
        },
      },
    )
  })
}

engineSuite('a scratch in a bucket with versions', ['s3'], () => {
  it('is removed with all of them, and nothing beside it is', async () => {
    await using server = await startVersitygw()
    await using bucket = await makeBucket(server)
    const { name: Bucket, raw } = bucket
    await raw.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }))
    const opening = { options: bucket.options(), stackRoot: '/srv/stack', trees: treeTools }
    const scratch = s3.scratch?.(opening, 'any')
    const options = scratch?.options ?? opening.options
    for (const where of [opening.options, options]) {
      await using backend = await s3.open({ ...opening, options: where }, testContext())
      await using writer = await backend.begin(draft, testContext())
      await writer.putStream('service/db', () => wholeStream(Buffer.from('dump')), testContext())
    }
    const under = async (Prefix: string): Promise<number> => {
      const { Versions = [], DeleteMarkers = [] } = await raw.send(new ListObjectVersionsCommand({ Bucket, Prefix }))
      return Versions.length + DeleteMarkers.length
    }
    const before = await under('stack/')
    expect(await under('stack/any~/')).toBeGreaterThan(3)
    await scratch?.remove(testContext())
    expect(await under('stack/any~/')).toBe(0)
    expect(await under('stack/')).toBeGreaterThan(before / 3)
  })
})

const draft = {
  id: '01HQ3K5XYZABCDEFGH00000001',
  createdAt: new Date(0).toISOString(),
  stack: { name: 's', root: '/s', host: 'h' },
}

function fileOf(what: PartId | 'manifest'): string {
  if (what === 'manifest') return 'manifest.json'
  const [group, name] = what.split('/')
  return `parts/${group}.${name}${group === 'persist' ? '.tar.zst' : '.zst'}`
}

async function damage({ name: Bucket, raw }: Bucket, Key: string, how: Damage): Promise<void> {
  if (how === 'remove') return void (await raw.send(new DeleteObjectCommand({ Bucket, Key })))
  const { Body: stored } = await raw.send(new GetObjectCommand({ Bucket, Key }))
  const bytes = (await stored?.transformToByteArray()) ?? new Uint8Array()
  const middle = bytes.length >> 1
  bytes[middle] = (bytes[middle] ?? 0) ^ (how === 'flip' ? 1 : 0)
  const Body = how === 'cut' ? bytes.subarray(0, -1) : bytes
  await raw.send(new PutObjectCommand({ Bucket, Key, Body }))
}
