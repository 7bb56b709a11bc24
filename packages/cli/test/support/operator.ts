import { onTestFinished } from 'vitest'
import { angee, type Finished, startAngee } from './angee.ts'

export interface RunningOperator {
  url: string
  socket: string
  token: string
  /** Runs a command against it, from a directory that is no stack. */
  angee(...args: string[]): Promise<Finished>
  /** Ends it as a service manager does. */
  stop(): Promise<Finished>
  kill(): Promise<Finished>
  log(): string
}

/** Starts `angee operator` for a stack, with a token that may do everything; it is ended after the test. */
export async function startOperator(root: string, ...args: string[]): Promise<RunningOperator> {
  const minted = await angee(root, 'operator', 'token', 'mint', '--scope', 'admin', '-q')
  const token = minted.stdout.trim()
  const env = { ANGEE_OPERATOR_TOKEN: token }
  const { child, finished, stdout, stderr } = startAngee(root, ['operator', '--listen', '127.0.0.1:0', ...args])
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal)
    return finished
  }
  onTestFinished(() => void end('SIGKILL'))
  const ended = finished.then(({ stderr: text }) => {
    throw new Error(`the operator has ended: ${text}`)
  })
  const listening = new Promise<void>((resolve) => {
    child.stdout.on('data', () => {
      if (stdout().includes('http://')) resolve()
    })
  })
  await Promise.race([listening, ended])
  ended.catch(() => undefined)
  const [socket = '', url = ''] = stdout().trim().split('\n')
  return {
    url,
    socket,
    token,
    angee: (...words) => startAngee('/', ['--operator', url, ...words], env).finished,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    log: stderr,
  }
}
