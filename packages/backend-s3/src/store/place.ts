import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { getCACertificates } from 'node:tls'
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import type { S3Options } from '../options.ts'

/** What every call of a store works on: where objects lie, how they are reached, and what is known of the server. */
export interface Place extends Disposable {
  readonly s3: S3Client
  /** For requests that a server may work on for long before it answers: complete and copy. */
  readonly patient: S3Client
  readonly bucket: string
  /** AWS itself, by its own address. */
  readonly isAws: boolean
  /** Before every key: empty, or a path with a slash behind. */
  readonly prefix: string
  /** For display, without a credential. */
  readonly location: string
  readonly options: S3Options
  readonly known: Known
}

/** What was found out about the server. Undefined: not yet. */
export interface Known {
  /** The bucket is there and may be listed. */
  reachable?: boolean
  /** A conditional write is refused where the key exists: by a put, and by the completion of a multipart upload. */
  conditionalPut?: boolean
  conditionalComplete?: boolean
}

const connectMilliseconds = 10_000
/** How many times longer the patient client waits for the first byte of an answer. */
const patience = 15

/** Opens nothing yet: connections are made by the first request. */
export function placeOf(given: S3Options, certificates: string | undefined): Place {
  const options = { ...given, endpoint: given.endpoint ?? endpointOfEnvironment() }
  const trusted = certificates === undefined ? {} : { ca: [...getCACertificates(), certificates] }
  const agents = {
    httpAgent: new HttpAgent({ keepAlive: true }),
    httpsAgent: new HttpsAgent({ keepAlive: true, ...trusted }),
  }
  const client = (socketTimeout: number): S3Client =>
    new S3Client({
      ...clientConfig(options),
      requestHandler: new NodeHttpHandler({ ...agents, connectionTimeout: connectMilliseconds, socketTimeout }),
    })
  const s3 = client(options.timeout * 1000)
  const patient = client(options.timeout * 1000 * patience)
  return {
    s3,
    patient,
    bucket: options.bucket,
    isAws: options.endpoint === undefined,
    prefix: options.prefix === undefined ? '' : `${options.prefix}/`,
    location: locationOf(options),
    options,
    known: {},
    [Symbol.dispose]() {
      s3.destroy()
      patient.destroy()
    },
  }
}

/** The SDK would take it too; then the location would not say where snapshots really are. */
function endpointOfEnvironment(): string | undefined {
  return process.env['AWS_ENDPOINT_URL_S3'] ?? process.env['AWS_ENDPOINT_URL']
}

function clientConfig(options: S3Options): S3ClientConfig {
  const { endpoint, region, access_key_id: accessKeyId, secret_access_key: secretAccessKey, session_token } = options
  const credentials = accessKeyId !== undefined &&
    secretAccessKey !== undefined && {
      credentials: { accessKeyId, secretAccessKey, ...(session_token && { sessionToken: session_token }) },
    }
  return {
    ...(endpoint !== undefined && { endpoint }),
    // A server with an address of its own has one region, and most call it by the oldest name there is.
    ...((region ?? endpoint) !== undefined && { region: region ?? 'us-east-1' }),
    ...(options.profile !== undefined && { profile: options.profile }),
    ...credentials,
    forcePathStyle: options.path_style ?? endpoint !== undefined,
    followRegionRedirects: true,
    requestChecksumCalculation: options.checksums === 'when_required' ? 'WHEN_REQUIRED' : 'WHEN_SUPPORTED',
    // What is read is compared with the digests of the manifest, by whoever reads it.
    responseChecksumValidation: 'WHEN_REQUIRED',
    // Attempts are counted in request.ts, where they can be cancelled and logged.
    maxAttempts: 1,
    // The handler sends the body at once all the same when it is given agents.
    expectContinueHeader: false,
  }
}

/** Where objects lie, for display. */
export function locationOf({ bucket, prefix, endpoint }: S3Options): string {
  const server = endpoint === undefined ? [] : [`${new URL(endpoint).host}${new URL(endpoint).pathname}`]
  const path = [...server.map((one) => one.replace(/\/+$/, '')), bucket, ...(prefix === undefined ? [] : [prefix])]
  return `s3://${path.join('/')}`
}
