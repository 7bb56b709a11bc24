import { setTimeout as sleep } from 'node:timers/promises'
import { parseOptions } from '@angee/core'
import {
  DeleteObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { s3Options } from '../../src/options.ts'
import { type Place, placeOf } from '../../src/store/place.ts'

/** A server in memory without conditional writes, whose clock a test may turn. Every request takes a random while. */
export interface FakeServer {
  readonly objects: Map<string, { marker: string | undefined; modified: number }>
  now(): number
}

/** A place on that server. */
export function fakePlace(server: FakeServer): Place {
  const options = parseOptions(s3Options, { bucket: 'fake', endpoint: 'http://127.0.0.1:9' }, 'backup_backend')
  const send = async (command: unknown): Promise<unknown> => {
    await sleep(Math.random() * 4)
    const answer = perform(server, command)
    await sleep(Math.random() * 4)
    return answer
  }
  const config = { credentials: async () => ({ accessKeyId: 'fake', secretAccessKey: 'fake' }) }
  const s3 = { send, config } as unknown as S3Client
  return { ...placeOf(options, undefined), s3, patient: s3, known: { reachable: true, conditionalPut: false } }
}

function perform({ objects, now }: FakeServer, command: unknown): unknown {
  if (command instanceof PutObjectCommand) {
    const { Key = '', Metadata } = command.input
    objects.set(Key, { marker: Metadata?.['angee-put'], modified: now() })
  } else if (command instanceof DeleteObjectCommand) objects.delete(command.input.Key ?? '')
  else if (command instanceof HeadObjectCommand) {
    const found = objects.get(command.input.Key ?? '')
    if (found) return { ContentLength: 1, Metadata: { 'angee-put': found.marker } }
    throw Object.assign(new Error('NotFound'), { name: 'NotFound', $metadata: { httpStatusCode: 404 } })
  } else if (command instanceof ListObjectsV2Command) {
    const listed = [...objects].filter(([name]) => name.startsWith(command.input.Prefix ?? '')).sort()
    return { Contents: listed.map(([Key, { modified }]) => ({ Key, Size: 0, LastModified: new Date(modified) })) }
  } else throw new Error(`the fake server knows no ${String(command)}`)
  return {}
}
