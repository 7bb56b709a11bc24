import { engineSuite, objectStoreSuite } from '@angee/testkit'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { s3ObjectStore } from '../src/index.ts'
import { makeBucket } from './support/bucket.ts'
import { type Server, startGofakes3, startVersitygw } from './support/server.ts'

const servers = [
  { name: 'versitygw', start: startVersitygw, changes: {} },
  { name: 'gofakes3', start: startGofakes3, changes: { checksums: 'when_required' } },
]

for (const { name, start, changes } of servers) {
  engineSuite(`the object store on ${name}`, ['s3'], () => {
    let server: Server
    beforeAll(async () => {
      server = await start()
    })
    afterAll(() => server[Symbol.asyncDispose]())

    objectStoreSuite(
      { describe, it: it.concurrent },
      {
        name: `s3 on ${name}`,
        async open() {
          const bucket = await makeBucket(server)
          const opened = new AsyncDisposableStack()
          opened.use(bucket)
          const open = () => opened.use(s3ObjectStore(bucket.options(changes)))
          return { store: open(), reopen: async () => open(), [Symbol.asyncDispose]: () => opened.disposeAsync() }
        },
      },
    )
  })
}
