import { spawn } from 'node:child_process'

export const main = new URL('../../packages/cli/dist/main.js', import.meta.url).pathname

export interface Run {
  code: number | null
  stdout: string
  stderr: string
}

/** Runs the built `angee` as a user's shell would, with stdin closed. */
export function angee(cwd: string, args: string[], env: Record<string, string> = {}): Promise<Run> {
  return run(process.execPath, [main, ...args], cwd, env)
}

/** The same, expecting success and giving the JSON document it prints, or of JSON lines the last. */
export async function angeeJson<Value>(cwd: string, args: string[]): Promise<Value> {
  const result = await angee(cwd, [...args, '--json'])
  if (result.code !== 0)
    throw new Error(`angee ${args.join(' ')} exited with ${result.code}\n${result.stdout}\n${result.stderr}`)
  try {
    return JSON.parse(result.stdout) as Value
  } catch {
    return JSON.parse(result.stdout.trim().split('\n').at(-1) ?? '') as Value
  }
}

/** Runs a command and collects what it prints. */
export function run(command: string, args: string[], cwd: string, env: Record<string, string> = {}): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    child.on('error', reject)
    child.on('close', (code) =>
      resolve({ code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }),
    )
  })
}

/** Runs a command that must succeed and gives its stdout. */
export async function must(
  command: string,
  args: string[],
  cwd: string,
  env: Record<string, string> = {},
): Promise<string> {
  const { code, stdout, stderr } = await run(command, args, cwd, env)
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} exited with ${code}\n${stderr}`)
  return stdout
}
