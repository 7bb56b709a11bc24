import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { provisionedFact } from '@angee/testkit'

/** A server that keeps snapshots for one test. Disposing ends it and removes what it kept. */
export interface StorageServer extends AsyncDisposable {
  url: string
  /** Where it keeps what it is given, if it keeps that as files. */
  directory: string
}

export const s3Keys = { id: 'AKIATESTOFANGEE', secret: 'canary-s3-secret-c4b1f0' }
export const bucket = 'snapshots'

/** An S3 server with the semantics of the real one. */
export function startVersitygw(): Promise<StorageServer> {
  return start(async (port, directory) => {
    await mkdir(join(directory, bucket))
    return {
      program: provisionedFact('VERSITYGW') ?? 'versitygw',
      args: ['--port', `127.0.0.1:${port}`, '--quiet', 'posix', directory],
      env: { ROOT_ACCESS_KEY: s3Keys.id, ROOT_SECRET_KEY: s3Keys.secret },
    }
  })
}

/** An S3 server that accepts a conditional put and overwrites all the same. */
export function startGofakes3(): Promise<StorageServer> {
  return start(async (port) => ({
    program: provisionedFact('GOFAKES3') ?? 'gofakes3',
    args: ['-backend', 'memory', '-initialbucket', bucket, '-host', `127.0.0.1:${port}`],
    env: {},
  }))
}

export function startRestServer(): Promise<StorageServer> {
  return start(async (port, directory) => ({
    program: provisionedFact('REST_SERVER') ?? 'rest-server',
    args: ['--no-auth', '--listen', `127.0.0.1:${port}`, '--path', directory],
    env: {},
  }))
}

interface ServerCommand {
  program: string
  args: string[]
  env: Record<string, string>
}

async function start(command: (port: number, directory: string) => Promise<ServerCommand>): Promise<StorageServer> {
  const directory = await mkdtemp(join(tmpdir(), 'angee-server-'))
  const port = await freePort()
  const { program, args, env } = await command(port, directory)
  const child = spawn(program, args, { cwd: directory, env: { ...process.env, ...env }, stdio: 'ignore' })
  const ended = once(child, 'exit')
  const url = `http://127.0.0.1:${port}`
  for (let attempt = 0; !(await listens(url)); attempt++) {
    if (attempt === 100 || child.exitCode !== null) throw new Error(`${program} does not listen on ${url}`)
    await wait(50)
  }
  return {
    url,
    directory,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL')
      await ended
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (typeof address !== 'object' || address === null) throw new Error('no port is free')
  return address.port
}

function listens(url: string): Promise<boolean> {
  return fetch(url).then(
    () => true,
    () => false,
  )
}
