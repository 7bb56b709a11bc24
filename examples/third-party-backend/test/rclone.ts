import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** A WebDAV server of its own, and the directory that holds what it stores. */
export interface WebdavServer extends AsyncDisposable {
  url: string
  directory: string
}

/** Starts `rclone serve webdav` on a free port of this machine. */
export async function serveWebdav(...options: string[]): Promise<WebdavServer> {
  const directory = await mkdtemp(join(tmpdir(), 'angee-webdav-'))
  // Tests damage what is stored behind its back: it must not remember what it saw.
  const rclone = spawn(
    'rclone',
    ['serve', 'webdav', '--addr', '127.0.0.1:0', '--dir-cache-time', '0s', ...options, directory],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  const ended = once(rclone, 'exit')
  return {
    url: await addressIn(rclone.stderr),
    directory,
    async [Symbol.asyncDispose]() {
      rclone.kill()
      await ended
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** `NOTICE: …: WebDav Server started on [http://127.0.0.1:43211/]`; what it says later is read and dropped. */
function addressIn(log: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = ''
    createInterface(log)
      .on('line', (line) => {
        said += `${line}\n`
        const address = /started on \[?(http:\/\/127\.0\.0\.1:\d+)/.exec(line)?.[1]
        if (address !== undefined) resolve(address)
      })
      .on('close', () => reject(new Error(`rclone ended: ${said}`)))
  })
}
