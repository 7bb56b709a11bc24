/**
 * Stands in for process-compose where that is not installed: the routes, states and refusals this runtime relies on,
 * as its source has them at v1.122.0, for real child processes. It is kept honest by the same cases that run against
 * the real server. Started as: node server.ts up [--keep-project] -u SOCKET -f FILE
 */
import { readFileSync, rmSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { parse } from 'yaml'
import { type Declared, StandInProcess } from './process.ts'

const words = process.argv.slice(2)
const after = (flag: string): string => words[words.indexOf(flag) + 1] ?? ''
const socket = after('-u')
const file = after('-f')
const keepProject = words.includes('--keep-project')
const token = process.env['PC_API_TOKEN']

const document = parse(readFileSync(file, 'utf8')) as { environment?: string[]; processes: Record<string, Declared> }
const processes: Map<string, StandInProcess> = new Map(
  Object.entries(document.processes).map(([name, declared]) => [
    name,
    new StandInProcess(name, declared, document.environment ?? [], (other) => processes.get(other), ended),
  ]),
)

function ended(): void {
  if (keepProject || [...processes.values()].some((one) => one.registered)) return
  rmSync(socket, { force: true })
  process.exit(0)
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

const server = createServer((request, response) => {
  if (token && request.headers['x-pc-token-key'] !== token) return answer(response, 401, {})
  const path = decodeURIComponent(request.url ?? '')
  const name = path.split('/').at(-1) ?? ''
  const one = processes.get(name)
  if (path === '/project/state') return answer(response, 200, { fileNames: [file], version: 'stand-in' })
  if (path === '/processes') return answer(response, 200, { data: [...processes.values()].map((each) => each.state()) })
  if (path.startsWith('/process/info/')) {
    return one ? answer(response, 200, one.info()) : answer(response, 400, { error: `no such process: ${name}` })
  }
  if (request.method === 'POST' && path.startsWith('/process/start/')) {
    if (one === undefined) return answer(response, 400, { error: `no such process: ${name}` })
    if (one.registered) return answer(response, 400, { error: `process ${name} is already running` })
    one.start()
    return answer(response, 200, { name })
  }
  if (request.method === 'PATCH' && path.startsWith('/process/stop/')) {
    if (one === undefined) return answer(response, 400, { error: `process ${name} does not exist` })
    if (!one.registered) return answer(response, 400, { error: `process ${name} is not running` })
    one.stop()
    return answer(response, 200, { name })
  }
  answer(response, 404, {})
})

// Whoever ends the server ends what it runs, as process-compose does.
process.on('SIGTERM', () => {
  for (const one of processes.values()) one.kill()
  process.exit(0)
})
rmSync(socket, { force: true })
for (const one of processes.values()) if (!one.declared.disabled) one.start()
server.listen(socket)
