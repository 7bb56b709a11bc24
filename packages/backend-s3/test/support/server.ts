import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { provisionedFact } from '@angee/testkit'

/** An S3 server of this test file's own. Disposing ends it and removes what it stored. */
export interface Server extends AsyncDisposable {
  readonly url: string
}

/** Canaries: no error, log line or location may hold them. */
export const accessKeyId = 'CANARYACCESSKEY42'
export const secretAccessKey = 'canary/secret+access/key/0123456789'

/** versitygw on a directory: conditional writes, checksums, versions, object lock. */
export async function startVersitygw(environment: Record<string, string> = {}): Promise<Server> {
  const directory = await mkdtemp(join(tmpdir(), 'angee-s3-'))
  await Promise.all(['objects', 'versions'].map((name) => mkdir(join(directory, name))))
  const port = await freePort()
  const child = spawn(
    provisionedFact('VERSITYGW') ?? 'versitygw',
    [
      '--quiet',
      '--port',
      `127.0.0.1:${port}`,
      'posix',
      '--versioning-dir',
      join(directory, 'versions'),
      join(directory, 'objects'),
    ],
    {
      stdio: 'ignore',
      env: { ...process.env, ROOT_ACCESS_KEY: accessKeyId, ROOT_SECRET_KEY: secretAccessKey, ...environment },
    },
  )
  const scheme = environment['VGW_CERT'] === undefined ? 'http' : 'https'
  return await running(child, scheme, port, () => rm(directory, { recursive: true, force: true }))
}

/** gofakes3 in memory: takes the condition on the end of a multipart upload and replaces all the same. */
export async function startGofakes3(): Promise<Server> {
  const port = await freePort()
  const program = provisionedFact('GOFAKES3') ?? 'gofakes3'
  const child = spawn(program, ['-quiet', '-backend', 'memory', '-host', `127.0.0.1:${port}`], { stdio: 'ignore' })
  return await running(child, 'http', port, async () => undefined)
}

async function running(
  child: ChildProcess,
  scheme: string,
  port: number,
  removeFiles: () => Promise<void>,
): Promise<Server> {
  const ended = once(child, 'exit')
  const stop = async () => {
    child.kill('SIGKILL')
    await ended
    await removeFiles()
  }
  for (let attempt = 1; !(await answers(port)); attempt += 1) {
    if (child.exitCode === null && attempt < 200) await sleep(50)
    else {
      await stop()
      throw new Error(`${child.spawnfile} does not answer on port ${port} (exit ${child.exitCode})`)
    }
  }
  return { url: `${scheme}://127.0.0.1:${port}`, [Symbol.asyncDispose]: stop }
}

async function answers(port: number): Promise<boolean> {
  const { connect } = await import('node:net')
  const socket = connect(port, '127.0.0.1')
  const [outcome] = await Promise.race([
    once(socket, 'connect').then(() => [true]),
    once(socket, 'close').then(() => [false]),
  ]).catch(() => [false])
  socket.destroy()
  return outcome === true
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
