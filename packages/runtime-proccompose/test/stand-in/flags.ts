import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fatal } from './load.ts'

export interface Flags {
  command: string
  files: string[]
  logFile: string
  socket: string | undefined
  port: number
  address: string
  detached: boolean
  keepProject: boolean
  dotEnv: boolean
  orderedShutdown: boolean
}

const withValue = ['-f', '--config', '-u', '--unix-socket', '-L', '--log-file', '-p', '--port', '--address']
const without = [
  '-t',
  '--tui',
  '-U',
  '--use-uds',
  '-D',
  '--detached',
  '--keep-project',
  '--disable-dotenv',
  '--ordered-shutdown',
]

/** The flags of `process-compose up` that this stand-in knows; any other ends it, as an unknown one does there. */
export function parseFlags(words: readonly string[]): Flags {
  const { env } = process
  const values = new Map<string, string[]>()
  const rest: string[] = []
  for (let at = 0; at < words.length; at += 1) {
    const [flag = '', given] = (words[at] ?? '').split(/=(.*)/s)
    if (!flag.startsWith('-')) rest.push(flag)
    else if (without.includes(flag)) values.set(flag, [given ?? 'true'])
    else if (!withValue.includes(flag)) fatal(`unknown flag: ${flag}`)
    else {
      if (given === undefined) at += 1
      values.set(flag, [...(values.get(flag) ?? []), given ?? words[at] ?? ''])
    }
  }
  const last = (...names: string[]) => names.flatMap((name) => values.get(name) ?? []).at(-1)
  const on = (...names: string[]) => last(...names) === 'true'
  const path = last('-u', '--unix-socket') ?? env['PC_SOCKET_PATH']
  const usesSocket = path !== undefined || on('-U', '--use-uds')
  return {
    command: rest[0] ?? 'up',
    files: [...(values.get('-f') ?? []), ...(values.get('--config') ?? [])],
    logFile: last('-L', '--log-file') ?? env['PC_LOG_FILE'] ?? join(tmpdir(), 'process-compose-stand-in.log'),
    socket: usesSocket ? (path ?? join(tmpdir(), `process-compose-${process.pid}.sock`)) : undefined,
    port: Number(last('-p', '--port') ?? env['PC_PORT_NUM'] ?? 8080),
    address: last('--address') ?? env['PC_ADDRESS'] ?? 'localhost',
    detached: on('-D', '--detached'),
    keepProject: on('--keep-project'),
    dotEnv: !on('--disable-dotenv') && env['PC_DISABLE_DOTENV'] === undefined,
    orderedShutdown: on('--ordered-shutdown') || env['PC_ORDERED_SHUTDOWN'] !== undefined,
  }
}
