import { spawnSync } from 'node:child_process'

/** What one run of a command cost: the whole process tree's wall time and CPU in seconds, the largest process in MiB. */
export interface Cost {
  wall: number
  cpu: number
  memory: number
}

/** Runs a shell command under time(1). Throws when it fails: a failed run is no measurement. */
export function measure(command: string, env: Record<string, string> = {}): Cost {
  const { status, stderr } = spawnSync('/usr/bin/time', ['-f', '@@ %e %U %S %M', 'sh', '-c', command], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    maxBuffer: 64 << 20,
  })
  const [, wall, user, system, memory] = /@@ (\S+) (\S+) (\S+) (\S+)/.exec(stderr) ?? []
  if (status !== 0 || memory === undefined) throw new Error(`${command}\nexited with ${status}: ${stderr.slice(-2000)}`)
  return { wall: Number(wall), cpu: Number(user) + Number(system), memory: Number(memory) / 1024 }
}

/** The middle one by wall time. */
export function median(costs: Cost[]): Cost {
  const sorted = [...costs].sort((a, b) => a.wall - b.wall)
  const middle = sorted[Math.floor(sorted.length / 2)]
  if (!middle) throw new Error('nothing was measured')
  return middle
}

export function medianOf(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const [low, high] = sorted.length % 2 === 1 ? [sorted[middle], sorted[middle]] : [sorted[middle - 1], sorted[middle]]
  if (low === undefined || high === undefined) throw new Error('nothing was measured')
  return (low + high) / 2
}
