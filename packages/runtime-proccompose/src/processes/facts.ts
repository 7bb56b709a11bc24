import { readFileSync, readlinkSync, statSync } from 'node:fs'

/** What the kernel tells of a process; undefined where it does not tell: no /proc, another user's, or it has ended. */
export interface ProcessFacts {
  environment: Record<string, string> | undefined
  arguments: string[] | undefined
  directory: string | undefined
  owner: { uid: number; gid: number } | undefined
}

export function processFacts(pid: number): ProcessFacts {
  return {
    environment: quietly(() => environmentOf(readFileSync(`/proc/${pid}/environ`, 'utf8'))),
    arguments: quietly(() => words(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))),
    directory: quietly(() => readlinkSync(`/proc/${pid}/cwd`)),
    owner: quietly(() => {
      const { uid, gid } = statSync(`/proc/${pid}`)
      return { uid, gid }
    }),
  }
}

function environmentOf(text: string): Record<string, string> {
  const pairs = words(text).flatMap((word): [string, string][] => {
    const at = word.indexOf('=')
    return at > 0 ? [[word.slice(0, at), word.slice(at + 1)]] : []
  })
  return Object.fromEntries(pairs)
}

function words(text: string): string[] {
  return text.split('\0').filter((word) => word !== '')
}

function quietly<Fact>(read: () => Fact): Fact | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
