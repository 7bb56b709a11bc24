import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect, promisify } from 'node:util'
import { treeTools } from '@angee/archive'
import { isAngeeError, parseOptions } from '@angee/core'
import { collect, engineSuite, pseudoRandomBytes, readAll, testContext, wholeStream } from '@angee/testkit'
import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import s3, { s3ObjectStore } from '../src/index.ts'
import { copyObject } from '../src/store/copy.ts'
import { getObject } from '../src/store/get.ts'
import { type Place, placeOf } from '../src/store/place.ts'
import { putObject } from '../src/store/put.ts'
import { behindProxy } from './support/behind-proxy.ts'
import { makeBucket } from './support/bucket.ts'
import { killWriter } from './support/kill-writer.ts'
import { accessKeyId, type Server, secretAccessKey, startVersitygw } from './support/server.ts'

const run = promisify(execFile)
const large = pseudoRandomBytes(2, 20 * 1024 * 1024 + 13)
const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV'
const days = (count: number) => ({ now: () => Date.now() + count * 24 * 3_600_000, sleep: testContext().clock.sleep })

engineSuite('the edges of the object store', ['s3'], () => {
  let server: Server
  beforeAll(async () => {
    server = await startVersitygw()
  })
  afterAll(() => server[Symbol.asyncDispose]())

  describe('garbage', () => {
    it('a writer killed in an upload leaves nothing visible, the others whole, and is swept at once', async () => {
      await using bucket = await makeBucket(server)
      await using store = s3ObjectStore(bucket.options())
      await store.put('good', large, {}, testContext())
      await killWriter(bucket.options(), id)
      expect(await store.head(`snapshots/${id}/parts/service.second.zst`, testContext())).toBeUndefined()
      expect(await bucket.uploads()).toHaveLength(1)
      const before = (await collect(store.list('', testContext()))).map(({ key }) => key)
      expect(before).not.toContain(`snapshots/${id}/manifest.json`)

      const { removed = 0, bytes = 0 } = (await store.collectGarbage?.(testContext())) ?? {}
      expect(removed).toBe(1)
      expect(bytes).toBeGreaterThanOrEqual(8 * 1024 * 1024)
      expect(await bucket.uploads()).toEqual([])
      expect((await collect(store.list('', testContext()))).map(({ key }) => key)).toEqual(before)
      expect((await bucket.names()).filter((name) => name.includes('~'))).toEqual([])
      expect(large.equals(await readAll(await store.get('good', undefined, testContext())))).toBe(true)
    })

    it('an upload of another machine is garbage after a week of silence, one of another program never', async () => {
      await using bucket = await makeBucket(server)
      await using store = s3ObjectStore(bucket.options())
      const begin = async (Key: string) => {
        const upload = { Bucket: bucket.name, Key }
        const { UploadId = '' } = await bucket.raw.send(new CreateMultipartUploadCommand(upload))
        await bucket.raw.send(new UploadPartCommand({ ...upload, UploadId, PartNumber: 1, Body: 'bytes' }))
        return UploadId
      }
      const foreign = await begin('stack/foreign')
      const ours = await begin('stack/ours')
      const record = { name: 'stack/ours', id: ours, host: 'another-machine', pid: 1 }
      const Key = `stack/.angee~/uploads/${'a'.repeat(32)}`
      await bucket.raw.send(new PutObjectCommand({ Bucket: bucket.name, Key, Body: JSON.stringify(record) }))

      expect(await store.collectGarbage?.(testContext({ clock: days(6) }))).toEqual({ removed: 0, bytes: 0 })
      expect((await bucket.uploads()).sort()).toEqual([foreign, ours].sort())
      expect(await store.collectGarbage?.(testContext({ clock: days(8) }))).toEqual({ removed: 1, bytes: 5 })
      expect(await bucket.uploads()).toEqual([foreign])
      expect(await bucket.names()).toEqual([])
    })

    it('claims and probes that stayed are swept after a day', async () => {
      await using bucket = await makeBucket(server)
      await using store = s3ObjectStore(bucket.options())
      const Key = 'stack/.angee~/probes/left'
      await bucket.raw.send(new PutObjectCommand({ Bucket: bucket.name, Key, Body: 'a' }))
      expect(await store.collectGarbage?.(testContext())).toEqual({ removed: 0, bytes: 0 })
      expect(await store.collectGarbage?.(testContext({ clock: days(2) }))).toEqual({ removed: 1, bytes: 1 })
      expect(await bucket.names()).toEqual([])
    })
  })

  describe('a shared bucket', () => {
    it('keeps stores under other prefixes apart', async () => {
      await using bucket = await makeBucket(server)
      await using one = s3ObjectStore(bucket.options({ prefix: 'one' }))
      await using other = s3ObjectStore(bucket.options({ prefix: 'one2' }))
      await one.put('a', Buffer.from('1'), { ifAbsent: true }, testContext())
      await other.put('a', Buffer.from('22'), { ifAbsent: true }, testContext())
      expect(await collect(one.list('', testContext()))).toEqual([{ key: 'a', bytes: 1 }])
      expect(await collect(other.list('', testContext()))).toEqual([{ key: 'a', bytes: 2 }])
    })
  })

  describe('where conditional writes decide, as on AWS', () => {
    it('puts and copies of every size refuse what exists, and need no claim', async () => {
      await using setup = await behindProxy(server)
      const place: Place = { ...placeOf(setup.options, undefined), isAws: true }
      const ctx = setup.context()
      for (const [key, body] of [
        ['small', large.subarray(0, 1000)],
        ['large', large],
        ['empty', Buffer.of()],
      ] as const) {
        await putObject(place, key, wholeStream(body), { ifAbsent: true }, ctx)
        await expect(putObject(place, key, wholeStream(body), { ifAbsent: true }, ctx)).rejects.toMatchObject({
          code: 'OBJECT_EXISTS',
        })
        expect(await copyObject(place, key, `copy-of-${key}`, ctx)).toEqual({ bytes: body.length })
        await expect(copyObject(place, key, `copy-of-${key}`, ctx)).rejects.toMatchObject({ code: 'OBJECT_EXISTS' })
        expect(body.equals(await readAll(await getObject(place, `copy-of-${key}`, undefined, ctx)))).toBe(true)
      }
      expect(setup.proxy.requests.filter(({ path }) => path.includes('claims'))).toEqual([])
      expect((await setup.bucket.names()).filter((name) => name.includes('~'))).toEqual([])
      place[Symbol.dispose]()
    })

    it('a put whose answer was lost is not taken for that of another', async () => {
      await using setup = await behindProxy(server)
      const place: Place = { ...placeOf(setup.options, undefined), isAws: true }
      for (const body of [large.subarray(0, 1000), large]) {
        let lost = 0
        setup.proxy.inject(({ method, path }) => {
          const stores =
            path.includes('/stack/a') && (method === 'PUT' ? !path.includes('partNumber') : path.includes('uploadId'))
          if (!stores || method === 'HEAD' || method === 'GET' || method === 'DELETE' || lost > 0) return undefined
          lost += 1
          return { type: 'lose-answer' }
        })
        const key = `a${body.length}`
        expect(await putObject(place, key, wholeStream(body), { ifAbsent: true }, setup.context())).toEqual({
          bytes: body.length,
        })
        expect(lost).toBe(1)
      }
      place[Symbol.dispose]()
    })
  })

  describe('what an object is stored with', () => {
    it('is sent as the options say', async () => {
      await using setup = await behindProxy(server, {
        server_side_encryption: 'aws:kms',
        kms_key_id: 'key-1',
        storage_class: 'STANDARD_IA',
      })
      const bodies = { small: Buffer.from('small'), middle: large.subarray(0, 200_000), large }
      for (const [key, body] of Object.entries(bodies)) {
        // The server may refuse what it does not know; what counts is what was asked for.
        await setup.store.put(key, body, {}, setup.context()).catch(() => undefined)
        const { headers = {} } =
          setup.proxy.requests.find(({ path, method }) => path.includes(key) && method !== 'HEAD') ?? {}
        expect(headers).toMatchObject({
          'x-amz-server-side-encryption': 'aws:kms',
          'x-amz-server-side-encryption-aws-kms-key-id': 'key-1',
        })
        expect(headers['x-amz-storage-class']).toBe(key === 'small' ? undefined : 'STANDARD_IA')
      }
    })

    it('an object lock keeps every version from being removed', async () => {
      await using bucket = await makeBucket(server, { lock: true })
      await using store = s3ObjectStore(bucket.options({ object_lock: { mode: 'compliance', days: 2 } }))
      for (const [key, body] of [
        ['small', large.subarray(0, 1000)],
        ['large', large],
      ] as const) {
        await store.put(key, body, { ifAbsent: true }, testContext())
        const object = { Bucket: bucket.name, Key: `stack/${key}` }
        const { ObjectLockMode, ObjectLockRetainUntilDate, VersionId } = await bucket.raw.send(
          new HeadObjectCommand(object),
        )
        expect(ObjectLockMode).toBe('COMPLIANCE')
        expect(ObjectLockRetainUntilDate?.getTime()).toBeGreaterThan(Date.now() + 24 * 3_600_000)
        await expect(bucket.raw.send(new DeleteObjectCommand({ ...object, VersionId }))).rejects.toThrow()
      }
    })
  })

  describe('credentials and servers', () => {
    it.each([
      [{ secret_access_key: 'wrong/secret/access/key' }, 'CREDENTIAL_WRONG'],
      [{ access_key_id: 'UNKNOWNKEY' }, 'CREDENTIAL_WRONG'],
      [{ bucket: 'there-is-no-such-bucket' }, 'REPOSITORY_NOT_FOUND'],
    ])('%j is %s, in every call that looks', async (changes, code) => {
      await using bucket = await makeBucket(server)
      await using store = s3ObjectStore(bucket.options(changes))
      const ctx = testContext()
      const calls = [
        store.preflight(ctx),
        collect(store.list('', ctx)),
        store.head('a', ctx),
        store.get('a', undefined, ctx),
        store.put('a', Buffer.from('a'), {}, ctx),
        store.put('a', large, { ifAbsent: true }, ctx),
      ]
      for (const settled of await Promise.allSettled(calls)) {
        const refusal = settled.status === 'rejected' ? settled.reason : 'no refusal'
        expect(isAngeeError(refusal) ? refusal.code : refusal).toBe(code)
      }
    })

    it('no error, log line or location shows a key, whatever goes wrong', async () => {
      await using setup = await behindProxy(server)
      await setup.store.put('a', large, {}, setup.context())
      const echo = `<Error><Code>AccessDenied</Code><Message>key ${accessKeyId} and ${secretAccessKey}</Message><AWSAccessKeyId>${accessKeyId}</AWSAccessKeyId></Error>`
      const shown: unknown[] = [setup.store.location]
      for (const status of [400, 403, 404, 500, 503]) {
        setup.proxy.inject(() => ({ type: 'answer', status, body: echo }))
        const ctx = setup.context()
        const calls = [
          setup.store.preflight(ctx),
          setup.store.put('b', large, {}, ctx),
          setup.store.get('a', undefined, ctx),
          collect(setup.store.list('', ctx)),
          setup.store.delete('a', ctx),
          setup.store.collectGarbage?.(ctx),
        ]
        for (const settled of await Promise.allSettled(calls)) {
          expect(settled.status).toBe('rejected')
          if (settled.status === 'rejected') shown.push(settled.reason, settled.reason.hint, settled.reason.context)
        }
        shown.push(ctx.logs)
      }
      const text = inspect(shown, { depth: 20, showHidden: true, maxArrayLength: null, maxStringLength: null })
      expect(text).toContain('[redacted]')
      expect(text).not.toContain(accessKeyId)
      expect(text).not.toContain(secretAccessKey)
    })

    it('a credential that may not delete can still take snapshots', async () => {
      await using setup = await behindProxy(server)
      const body = '<Error><Code>AccessDenied</Code><Message>no</Message></Error>'
      setup.proxy.inject(({ method }) => (method === 'DELETE' ? { type: 'answer', status: 403, body } : undefined))
      await setup.store.preflight(setup.context())
      expect(await setup.store.put('a', large, { ifAbsent: true }, setup.context())).toEqual({ bytes: large.length })
    })

    it('trusts the authority of ca_file, and no unknown one', async () => {
      const directory = await mkdtemp(join(tmpdir(), 'angee-s3-tls-'))
      const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]
      await run('openssl', [
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-keyout',
        key,
        '-out',
        cert,
        '-days',
        '2',
        '-subj',
        '/CN=127.0.0.1',
        '-addext',
        'subjectAltName=IP:127.0.0.1',
      ])
      await using secure = await startVersitygw({ VGW_CERT: cert, VGW_KEY: key })
      const given = {
        bucket: 'absent',
        endpoint: secure.url,
        access_key_id: accessKeyId,
        secret_access_key: secretAccessKey,
      }
      const options = parseOptions(s3.options, given, 'backup_backend')
      const open = (changes: object) =>
        s3.open({ options: { ...options, ...changes }, stackRoot: directory, trees: treeTools }, testContext())
      await using unknown = await open({})
      const refusal = await unknown.preflight(testContext()).catch((error: unknown) => error)
      expect(isAngeeError(refusal, 'BACKEND_UNAVAILABLE') && refusal.hint).toContain('ca_file')
      await using trusted = await open({ ca_file: 'cert.pem' })
      // The bucket is not there: the server has answered.
      await expect(trusted.preflight(testContext())).rejects.toMatchObject({ code: 'REPOSITORY_NOT_FOUND' })
      await rm(directory, { recursive: true })
    })
  })

  it('a cancelled process has nothing left that keeps it alive', async () => {
    await using setup = await behindProxy(server, {}, 3600)
    setup.proxy.inject(() => ({ type: 'hang' }))
    const file = (name: string) => new URL(`support/${name}`, import.meta.url).pathname
    const { stdout } = await run(process.execPath, ['--import', file('sources.ts'), file('hanging-put.ts')], {
      env: { ...process.env, S3_OPTIONS: JSON.stringify(setup.options) },
    })
    expect(stdout).toBe('stop\n')
  })
})
