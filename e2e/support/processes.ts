import { readdir, readFile } from 'node:fs/promises'

/** Command lines of the processes, this machine's and its containers', that have `mark` in their environment. */
export async function processesMarked(mark: string): Promise<string[]> {
  const found: string[] = []
  for (const pid of await allPids()) {
    const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')
    if (environment.includes(mark)) found.push(`${pid}: ${await commandLine(pid)}`)
  }
  return found
}

/** Kills the processes that have `mark` in their environment. */
export async function endMarked(mark: string): Promise<void> {
  for (const line of await processesMarked(mark)) {
    try {
      process.kill(Number.parseInt(line, 10), 'SIGKILL')
    } catch {
      // It has ended by itself meanwhile.
    }
  }
}

/** Looks at every command line of this machine again and again until `signal` aborts, and gives each once. */
export async function sampleCommandLines(signal: AbortSignal): Promise<Set<string>> {
  const seen = new Set<string>()
  while (!signal.aborted) {
    for (const pid of await allPids()) seen.add(await commandLine(pid))
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return seen
}

/** Resident memory of a process at its highest, in bytes. */
export async function peakMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'latin1').catch(() => '')
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024
}

async function allPids(): Promise<string[]> {
  return (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
}

async function commandLine(pid: string): Promise<string> {
  return (await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')).replaceAll('\0', ' ').trim()
}
