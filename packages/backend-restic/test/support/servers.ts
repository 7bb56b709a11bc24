import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { provisionedFact } from '@angee/testkit'

/** A server that keeps what it is given in a directory. Disposing ends it. */
export interface StorageServer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly url: string
}

/** A rest-server; with `user` and `password` it lets nobody else in. */
export async function restServer(
  directory: string,
  login?: { user: string; password: string },
): Promise<StorageServer> {
  const words = ['--listen', '127.0.0.1:0', '--path', directory]
  if (login) {
    const digest = createHash('sha1').update(login.password).digest('base64')
    const file = `${directory}.htpasswd`
    writeFileSync(file, `${login.user}:{SHA}${digest}\n`)
    words.push('--htpasswd-file', file)
  } else words.push('--no-auth')
  const server = spawn(provisionedFact('REST_SERVER') ?? 'rest-server', words, { stdio: ['ignore', 'pipe', 'pipe'] })
  return { url: `http://127.0.0.1:${await portSaid(server)}`, [Symbol.asyncDispose]: () => end(server) }
}

async function portSaid(server: ChildProcess): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const listen = (line: string): void => {
    const [, port] = /start server on 127\.0\.0\.1:(\d+)/.exec(line) ?? []
    if (port !== undefined) resolve(port)
  }
  for (const stream of [server.stdout, server.stderr]) if (stream) createInterface({ input: stream }).on('line', listen)
  server.once('exit', (code) => reject(new Error(`the rest-server ended with ${code}`)))
  return promise
}

export const s3Keys = { AWS_ACCESS_KEY_ID: 'canaryaccess', AWS_SECRET_ACCESS_KEY: 'canary-secret-key-77' }

/** A versitygw. What is to be there before it starts lies in `directory`: a bucket is a directory in it. */
export async function s3Server(directory: string): Promise<StorageServer> {
  mkdirSync(join(directory), { recursive: true })
  const port = await freePort()
  const server = spawn(
    provisionedFact('VERSITYGW') ?? 'versitygw',
    ['--port', `127.0.0.1:${port}`, '--quiet', 'posix', directory],
    {
      env: {
        ...process.env,
        ROOT_ACCESS_KEY: s3Keys.AWS_ACCESS_KEY_ID,
        ROOT_SECRET_KEY: s3Keys.AWS_SECRET_ACCESS_KEY,
      },
      stdio: 'ignore',
    },
  )
  const url = `http://127.0.0.1:${port}`
  while (
    !(await fetch(url).then(
      () => true,
      () => false,
    ))
  ) {
    if (server.exitCode !== null) throw new Error(`versitygw ended with ${server.exitCode}`)
    await setTimeout(20)
  }
  return { url, [Symbol.asyncDispose]: () => end(server) }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (typeof address !== 'object' || address === null) throw new Error('no port was given')
  return address.port
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return
  const ended = once(server, 'exit')
  server.kill('SIGKILL')
  await ended
}
