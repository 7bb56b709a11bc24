import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { promisify } from 'node:util'

/** One process of this machine. */
export interface ProcessEntry {
  pid: number
  parent: number
  group: number
  state: 'alive' | 'stopped' | 'dead'
  /** When it started, in whatever the system counts: with the pid it names one process for ever. */
  started: string
}

/** All processes of this machine, from /proc where there is one, from ps elsewhere. */
export async function processTable(platform: NodeJS.Platform = process.platform): Promise<Map<number, ProcessEntry>> {
  const entries = platform === 'linux' ? fromProc() : await fromPs()
  return new Map(entries.map((entry) => [entry.pid, entry]))
}

/** `root`, everything it started, and everything in their process groups; the dead left out. */
export function family(table: ReadonlyMap<number, ProcessEntry>, root: number): ProcessEntry[] {
  // 0 and 1 are ancestors of everybody: no service is one of them, and a family of all must never be signalled.
  if (root < 2) return []
  const members = new Set<number>([root])
  for (let size = 0; size !== members.size; ) {
    size = members.size
    for (const { pid, parent, group } of table.values()) {
      // A group is led by the member it is named after: that keeps the groups of strangers out.
      if (members.has(parent) || members.has(group)) members.add(pid)
    }
  }
  return [...members].flatMap((pid) => table.get(pid) ?? []).filter(({ state }) => state !== 'dead')
}

function fromProc(): ProcessEntry[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        return [parseStat(readFileSync(`/proc/${name}/stat`, 'latin1'))]
      } catch {
        return [] // it ended between the listing and the reading
      }
    })
}

/** One line of /proc/PID/stat. The name in parentheses may hold blanks and parentheses of its own. */
export function parseStat(line: string): ProcessEntry {
  const afterName = line.slice(line.lastIndexOf(')') + 2).split(' ')
  const [state = '', parent = '', group = ''] = afterName
  return {
    pid: Number.parseInt(line, 10),
    parent: Number(parent),
    group: Number(group),
    state: stateOf(state),
    started: afterName[19] ?? '',
  }
}

async function fromPs(): Promise<ProcessEntry[]> {
  const columns = ['pid', 'ppid', 'pgid', 'stat', 'lstart'].flatMap((column) => ['-o', `${column}=`])
  const { stdout } = await promisify(execFile)('ps', ['-A', ...columns], { env: { ...process.env, LC_ALL: 'C' } })
  return stdout
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [pid, parent, group, state = '', ...started] = line.trim().split(/\s+/)
      return {
        pid: Number(pid),
        parent: Number(parent),
        group: Number(group),
        state: stateOf(state),
        started: started.join(' '),
      }
    })
}

function stateOf(letters: string): ProcessEntry['state'] {
  if (letters.startsWith('Z') || letters.startsWith('X')) return 'dead'
  return letters.startsWith('T') || letters.startsWith('t') ? 'stopped' : 'alive'
}
