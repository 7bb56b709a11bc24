import { readlinkSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Home, processEnd } from '../home.ts'
import { processFacts } from '../processes/facts.ts'
import { family, type ProcessEntry, parseStat, processTable } from '../processes/table.ts'
import { hookVariable, jobVariable, stackVariable } from '../server/environment.ts'

/** A process that runs for a stack, and what it belongs to. */
export interface Leftover {
  entry: ProcessEntry
  kind: 'service' | 'job' | 'hook' | 'server'
  /** The service or the job. */
  name: string
}

/** One run of a job, as it wrote itself down. */
export interface WrittenRun {
  file: string
  name: string
  run: string
  self: ProcessEntry
  /** Who started it. */
  parent: ProcessEntry
}

/**
 * Everything that runs for a stack, whoever started it: what the processes wrote down when they started, with all they
 * have started; and on Linux whatever carries the stack's mark in its environment. Never by a program's name. This
 * process and those above it are left out.
 */
export async function findLeftovers(stackRoot: string, home: Home): Promise<Leftover[]> {
  const table = await processTable()
  const spared = ancestors(table)
  const found = new Map<number, Leftover>()
  const add = (entry: ProcessEntry | undefined, kind: Leftover['kind'], name: string) => {
    if (entry === undefined || entry.state === 'dead' || spared.has(entry.pid) || found.has(entry.pid)) return
    found.set(entry.pid, { entry, kind, name })
  }
  for (const { kind, name, entry } of await writtenDown(home)) {
    if (table.get(entry.pid)?.started === entry.started) add(table.get(entry.pid), kind, name)
  }
  for (const [pid, entry] of table) {
    const marked = markOf(pid, stackRoot)
    if (marked !== undefined) add(entry, marked.kind, marked.name)
  }
  // The server's own family is everybody: those have been found by their own marks.
  for (const { entry, kind, name } of [...found.values()].filter((one) => one.kind !== 'server')) {
    for (const member of family(table, entry.pid)) add(member, kind, name)
  }
  return [...found.values()]
}

/** The runs of jobs that have not come to their end, whether their angee lives or not. */
export async function writtenRuns({ jobs }: Home): Promise<WrittenRun[]> {
  const read = (await processFiles(jobs)).map(async ({ file, name }): Promise<WrittenRun[]> => {
    const [job = '', run = ''] = name.split('+')
    const both = await readProcessFile(file)
    return both === undefined ? [] : [{ file, name: decodeURIComponent(job), run, ...both }]
  })
  return (await Promise.all(read)).flat()
}

async function writtenDown(home: Home): Promise<Leftover[]> {
  const services = (await processFiles(home.services)).map(async ({ file, name }): Promise<Leftover[]> => {
    const entry = (await readProcessFile(file))?.self
    return entry === undefined ? [] : [{ entry, kind: 'service', name: decodeURIComponent(name) }]
  })
  const jobs = (await writtenRuns(home)).map(({ self, name }): Leftover => ({ entry: self, kind: 'job', name }))
  return [...(await Promise.all(services)).flat(), ...jobs]
}

async function processFiles(directory: string): Promise<{ file: string; name: string }[]> {
  const names = (await readdir(directory).catch(() => [])).filter((name) => name.endsWith(processEnd))
  return names.map((name) => ({ file: join(directory, name), name: name.slice(0, -processEnd.length) }))
}

/** A process and who started it, as the launcher wrote them down. */
async function readProcessFile(file: string): Promise<Pick<WrittenRun, 'self' | 'parent'> | undefined> {
  const [ids = '', ...lines] = (await readFile(file, 'latin1').catch(() => '')).split('\n')
  const [pid, parentPid] = ids.split(' ').map(Number)
  const [self = '', parent = '', rest] = lines
  // A line counts when its end has been written.
  return rest === undefined ? undefined : { self: entryOf(self, pid), parent: entryOf(parent, parentPid) }
}

/** The kernel's line where there is /proc, a bare time of start elsewhere. */
function entryOf(line: string, pid = 0): ProcessEntry {
  if (/^\d+ \(/.test(line)) return parseStat(line)
  return { pid, parent: 0, group: 0, state: 'alive', started: line.trim().split(/\s+/).join(' ') }
}

function markOf(pid: number, stackRoot: string): { kind: Leftover['kind']; name: string } | undefined {
  const environment = processFacts(pid).environment
  if (environment?.[stackVariable] !== stackRoot || !isInOurNames(pid)) return undefined
  const job = environment[jobVariable]
  if (job !== undefined) return { kind: 'job', name: job }
  const hook = environment[hookVariable]
  if (hook !== undefined) return { kind: 'hook', name: hook }
  const service = environment['PC_PROC_NAME']
  return service === undefined ? { kind: 'server', name: 'process-compose' } : { kind: 'service', name: service }
}

/** In a container the same path is another directory. */
function isInOurNames(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/ns/mnt`) === readlinkSync('/proc/self/ns/mnt')
  } catch {
    return false
  }
}

function ancestors(table: ReadonlyMap<number, ProcessEntry>): Set<number> {
  const pids = new Set([0, 1])
  for (let pid = process.pid; pid > 1 && !pids.has(pid); pid = table.get(pid)?.parent ?? 0) pids.add(pid)
  return pids
}
