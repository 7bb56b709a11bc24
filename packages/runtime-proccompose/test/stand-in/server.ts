import { rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import type { Flags } from './flags.ts'
import { fatal } from './load.ts'
import type { Project } from './project.ts'

const token = process.env['PC_API_TOKEN']

/** Listens, then starts the processes. A socket on which somebody listens already ends the program. */
export function serve({ socket, port, address }: Flags, project: Project): void {
  const server = createServer((request, response) => {
    void answer(project, request).then(([status, body]) => send(response, status, body))
  })
  if (socket === undefined) return void server.listen(port, address, () => project.run())
  const other = connect(socket)
  other.once('connect', () => fatal(`unix socket ${socket} is already in use`))
  other.once('error', () => {
    rmSync(socket, { force: true })
    project.onEnd(() => rmSync(socket, { force: true }))
    server.once('error', ({ message }) => fatal(message))
    server.listen(socket, () => project.run())
  })
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

async function answer(project: Project, request: IncomingMessage): Promise<[status: number, body: unknown]> {
  if (token && request.headers['x-pc-token-key'] !== token) return [401, {}]
  const route = `${request.method} ${decodeURIComponent(request.url ?? '')}`
  if (route === 'GET /project/state') return [200, { fileNames: project.files, version: 'stand-in' }]
  if (route === 'GET /processes') return [200, { data: [...project.processes.values()].map((one) => one.state()) }]
  if (route === 'POST /project/configuration') {
    return project.reload().then(
      (status) => [200, status],
      (error: Error) => [400, { error: error.message }],
    )
  }
  if (route === 'POST /project/stop') {
    // The answer leaves with the last breath, or not at all.
    await project.shutDown()
    return [200, { status: 'stopped' }]
  }
  const [, what = '', name = ''] =
    /^(GET \/process\/info|POST \/process\/start|PATCH \/process\/stop)\/(.+)$/.exec(route) ?? []
  return what === '' ? [404, {}] : ofProcess(project, what, name)
}

async function ofProcess({ processes }: Project, what: string, name: string): Promise<[number, unknown]> {
  const one = processes.get(name)
  if (one === undefined) return [400, { error: `no such process: ${name}` }]
  if (what === 'GET /process/info') return [200, one.info()]
  if (what === 'POST /process/start') {
    if (one.registered) return [400, { error: `process ${name} is already running` }]
    one.start()
    return [200, { name }]
  }
  if (!one.registered) return [400, { error: `process ${name} is not running` }]
  await one.stop()
  return [200, { name }]
}
