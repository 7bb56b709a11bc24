import { type ChildProcess, spawn } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { parseEnvFile } from '../../src/definition/env-file.ts'
import type { Declared, Loaded } from './load.ts'
import { succeeds } from './probe.ts'

/** One process of the stand-in server, with the states that process-compose goes through. */
export class StandInProcess {
  /** Whether the server counts it among its running processes: only then it can be stopped, and not be started. */
  registered = false
  readonly name: string
  readonly declared: Declared
  private status: string
  private health = '-'
  private pid = 0
  private exitCode = 0
  private failures = 0
  private endTime: string | undefined
  /** Nobody has asked for its end. */
  private wanted = false
  private child: ChildProcess | undefined
  private waiting: (() => void)[] = []
  private readonly project: Loaded
  private readonly find: (name: string) => StandInProcess | undefined
  private readonly onEnded: () => void

  constructor(
    name: string,
    declared: Declared,
    project: Loaded,
    find: (name: string) => StandInProcess | undefined,
    onEnded: () => void,
  ) {
    this.name = name
    this.declared = declared
    this.project = project
    this.find = find
    this.onEnded = onEnded
    this.status = declared.disabled ? 'Disabled' : 'Pending'
  }

  start(): void {
    Object.assign(this, { registered: true, wanted: true, status: 'Pending', health: '-', pid: 0, endTime: undefined })
    this.launchWhenReady()
  }

  /** Resolves at the signal; with a timeout when it has ended, of which SIGKILL sees to it. */
  async stop(): Promise<void> {
    this.wanted = false
    const notStarted = this.status === 'Pending' || this.status === 'Restarting'
    this.status = 'Terminating'
    this.health = '-'
    if (notStarted) return this.end('Completed')
    this.signal(this.declared.shutdown?.signal ?? 15)
    const timeout = this.declared.shutdown?.timeout_seconds
    if (timeout === undefined) return
    const killing = setTimeout(() => this.signal('SIGKILL'), timeout * 1000)
    await this.ended()
    clearTimeout(killing)
  }

  async stopAndWait(): Promise<void> {
    await this.stop()
    await this.ended()
  }

  ended(): Promise<void> {
    return this.registered ? new Promise((done) => this.waiting.push(done)) : Promise.resolve()
  }

  state(): object {
    return {
      name: this.name,
      status: this.status,
      is_ready: this.health,
      has_ready_probe: this.declared.readiness_probe !== undefined,
      is_running: this.status === 'Running', // false while it still terminates: as the real one has it
      pid: this.pid,
      exit_code: this.exitCode,
      ...(this.endTime === undefined ? {} : { process_end_time: this.endTime }),
    }
  }

  info(): object {
    const { command, environment, env_file, working_dir, is_dotenv_disabled, ready_log_line, depends_on } =
      this.declared
    return {
      name: this.name,
      command,
      environment: environment ?? null,
      envFile: env_file,
      workingDir: working_dir ?? '',
      disableDotEnv: is_dotenv_disabled,
      readyLogLine: ready_log_line ?? '',
      dependsOn: depends_on ?? null,
    }
  }

  /** A dependency that ended before it was ready makes the process skipped, as after a start in the wrong order. */
  private launchWhenReady(): void {
    if (!this.wanted) return
    const waits = Object.entries(this.declared.depends_on ?? {}).map(([name, { condition }]) =>
      this.find(name)?.meets(condition ?? 'process_completed'),
    )
    if (waits.includes('never')) this.end('Skipped')
    else if (waits.includes('not yet')) setTimeout(() => this.launchWhenReady(), 50)
    else this.launch()
  }

  /** One that was never started meets everything: whoever depends on it is told so in the log, and runs. */
  private meets(condition: string): 'met' | 'not yet' | 'never' {
    const started = this.registered || this.endTime !== undefined
    if (!started || (condition === 'process_started' && this.pid > 0)) return 'met'
    if (condition === 'process_healthy') return this.health === 'Ready' ? 'met' : this.registered ? 'not yet' : 'never'
    if (this.registered) return 'not yet'
    return condition === 'process_completed_successfully' && this.exitCode !== 0 ? 'never' : 'met'
  }

  private launch(): void {
    const { command, entrypoint, working_dir } = this.declared
    const { shell_command, shell_argument } = this.project.shell
    const [program = '', ...words] =
      command === undefined ? (entrypoint ?? []) : [shell_command, shell_argument, command]
    if (working_dir !== undefined && !statSync(working_dir, { throwIfNoEntry: false })?.isDirectory()) {
      return this.end('Error')
    }
    this.status = 'Running'
    const child = spawn(program, words, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: this.environment(),
      ...(working_dir === undefined ? {} : { cwd: working_dir }),
    })
    this.child = child
    this.pid = child.pid ?? 0
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => this.hear(chunk.toString()))
    child.once('error', () => this.end('Error'))
    child.once('exit', (code) => this.afterExit(code ?? -1))
    this.failures = 0
    setTimeout(() => void this.probe(child), (this.declared.readiness_probe?.initial_delay_seconds ?? 0) * 1000)
  }

  private hear(text: string): void {
    const { ready_log_line, log_location } = this.declared
    if (ready_log_line !== undefined && text.includes(ready_log_line)) this.health = 'Ready'
    if (log_location === undefined) return
    mkdirSync(dirname(log_location), { recursive: true })
    appendFileSync(log_location, text)
  }

  /** Ten times as often as it is told to: tests wait for it. */
  private async probe(child: ChildProcess): Promise<void> {
    const probe = this.declared.readiness_probe
    if (probe === undefined || this.status !== 'Running' || this.child !== child) return
    const ok = await succeeds(probe, this.project.shell, this.environment(), this.declared.working_dir)
    if (this.status !== 'Running' || this.child !== child) return
    this.health = ok ? 'Ready' : 'Not Ready'
    this.failures = ok ? 0 : this.failures + 1
    // Not a stop that anybody asked for: its restart policy decides what follows.
    if (this.failures === (probe.failure_threshold ?? 3)) this.signal('SIGTERM')
    setTimeout(() => void this.probe(child), (probe.period_seconds ?? 10) * 100)
  }

  private afterExit(code: number): void {
    this.exitCode = code
    const restart = this.declared.availability?.restart
    if (this.wanted && (restart === 'always' || (restart === 'on_failure' && code !== 0))) this.restartLater()
    else this.end('Completed')
  }

  private restartLater(): void {
    this.status = 'Restarting'
    this.health = '-'
    setTimeout(() => this.wanted && this.launch(), 300)
  }

  /** The process stays registered for a moment after it has ended. */
  private end(status: string): void {
    this.status = status
    this.endTime = new Date().toISOString()
    setTimeout(() => {
      if (this.endTime === undefined) return
      this.registered = false
      for (const done of this.waiting.splice(0)) done()
      this.onEnded()
    }, 150)
  }

  private signal(signal: NodeJS.Signals | number): void {
    if (this.pid === 0) return // -0 would be our own group
    try {
      process.kill(-this.pid, signal)
    } catch {
      // It has ended.
    }
  }

  private environment(): NodeJS.ProcessEnv {
    const { env_file, is_dotenv_disabled, environment } = this.declared
    const pairs = (list: readonly string[]) =>
      Object.fromEntries(list.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]))
    return {
      PC_PROC_NAME: this.name,
      PC_REPLICA_NUM: '0',
      ...(is_dotenv_disabled ? {} : this.project.dotEnv),
      ...process.env,
      ...pairs(this.project.environment),
      ...(env_file && existsSync(env_file) ? parseEnvFile(readFileSync(env_file, 'utf8')) : {}),
      ...pairs(environment ?? []),
    }
  }
}
