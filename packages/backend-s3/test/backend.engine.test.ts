import { treeTools } from '@angee/archive'
import type { PartId } from '@angee/core'
import { backendSuite, type Damage, engineSuite, testContext } from '@angee/testkit'
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, it } from 'vitest'
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

    backendSuite(
      { describe, it },
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
