import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { parseEnvFile } from '../../src/definition/env-file.ts'

export interface Declared {
  command: string
  disabled?: boolean
  working_dir?: string
  environment?: string[]
  env_file?: string
  availability?: { restart?: 'always' | 'no' }
  depends_on?: Record<string, { condition: string }>
  readiness_probe?: { exec: { command: string }; period_seconds?: number }
  ready_log_line?: string
}

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
  private endTime: string | undefined
  private wanted = false
  private child: ChildProcess | undefined
  private readonly projectEnvironment: string[]
  private readonly find: (name: string) => StandInProcess | undefined
  private readonly onEnded: () => void

  constructor(
    name: string,
    declared: Declared,
    projectEnvironment: string[],
    find: (name: string) => StandInProcess | undefined,
    onEnded: () => void,
  ) {
    this.name = name
    this.declared = declared
    this.projectEnvironment = projectEnvironment
    this.find = find
    this.onEnded = onEnded
    this.status = declared.disabled ? 'Disabled' : 'Pending'
  }

  start(): void {
    Object.assign(this, { registered: true, wanted: true, status: 'Pending', health: '-', pid: 0, endTime: undefined })
    this.launchWhenReady()
  }

  stop(): void {
    this.wanted = false
    const notStarted = this.status === 'Pending' || this.status === 'Restarting'
    this.status = 'Terminating'
    this.health = '-'
    if (notStarted) this.end('Completed')
    else this.signal('SIGTERM')
  }

  kill(): void {
    this.wanted = false
    this.signal('SIGKILL')
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
    return {
      name: this.name,
      command: this.declared.command,
      environment: this.declared.environment ?? null,
      envFile: this.declared.env_file,
      workingDir: this.declared.working_dir ?? '',
      readyLogLine: this.declared.ready_log_line ?? '',
      dependsOn: this.declared.depends_on ?? null,
    }
  }

  /** A dependency that ended before it was ready makes the process skipped, as after a start in the wrong order. */
  private launchWhenReady(): void {
    if (!this.wanted) return
    const others = Object.entries(this.declared.depends_on ?? {}).map(([name]) => this.find(name))
    const unready = others.find((other) => other !== undefined && other.health !== 'Ready')
    if (unready === undefined) this.launch()
    else if (unready.registered) setTimeout(() => this.launchWhenReady(), 50)
    else if (unready.endTime === undefined) this.launch()
    else this.end('Skipped')
  }

  private launch(): void {
    this.status = 'Running'
    this.child = spawn('sh', ['-c', this.declared.command], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
      env: this.environment(),
      ...(this.declared.working_dir === undefined ? {} : { cwd: this.declared.working_dir }),
    })
    this.pid = this.child.pid ?? 0
    this.child.stdout?.on('data', (chunk: Buffer) => {
      const line = this.declared.ready_log_line
      if (line !== undefined && chunk.toString().includes(line)) this.health = 'Ready'
    })
    this.child.once('exit', (code) => this.afterExit(code ?? -1))
    this.probe()
  }

  private probe(): void {
    const probe = this.declared.readiness_probe
    if (probe === undefined || this.status !== 'Running') return
    this.health =
      spawnSync('sh', ['-c', probe.exec.command], { env: this.environment() }).status === 0 ? 'Ready' : 'Not Ready'
    setTimeout(() => this.probe(), 100)
  }

  private afterExit(code: number): void {
    this.exitCode = code
    const restarts = this.wanted && this.declared.availability?.restart === 'always'
    if (restarts) this.restartLater()
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
      this.onEnded()
    }, 150)
  }

  private signal(signal: NodeJS.Signals): void {
    if (this.pid === 0) return // -0 would be our own group
    try {
      process.kill(-this.pid, signal)
    } catch {
      // It has ended.
    }
  }

  private environment(): NodeJS.ProcessEnv {
    const read = (path: string | undefined) =>
      path && existsSync(path) ? parseEnvFile(readFileSync(path, 'utf8')) : {}
    const pairs = (list: readonly string[]) =>
      Object.fromEntries(list.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]))
    return {
      PC_PROC_NAME: this.name,
      ...read('.env'),
      ...process.env,
      ...pairs(this.projectEnvironment),
      ...read(this.declared.env_file),
      ...pairs(this.declared.environment ?? []),
    }
  }
}
