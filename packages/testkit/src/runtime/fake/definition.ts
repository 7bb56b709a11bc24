import { chmod, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PreparedDefinition, RuntimeKind, SecretText, StackDefinition, Workload } from '@angee/core'

const marker = 'written by a fake runtime'

/** The file of a fake runtime in a stack root. Where a test has put one there before, it is by hand. */
export function fakeFile(stackRoot: string, type: string): string {
  return join(stackRoot, `${type}.fake.json`)
}

/** Writes what the fake serves of a definition, secrets by name; a file without the marker is left alone. */
export async function writeDefinition(file: string, own: readonly Workload[]): Promise<PreparedDefinition> {
  const text = `${JSON.stringify({ marker, workloads: own }, undefined, 2)}\n`
  const there = await readFile(file, 'utf8').catch(() => undefined)
  if (there === text) return { file, outcome: 'kept' }
  if (there !== undefined && !there.includes(marker)) return { file, outcome: 'by-hand' }
  const temporary = `${file}.tmp`
  await writeFile(temporary, text)
  await chmod(temporary, 0o600)
  await rename(temporary, file)
  return { file, outcome: 'written' }
}

/** The names in a file that a test wrote by hand: `{ "services": ["db"], "jobs": ["migrate"] }`. */
export async function namesByHand(file: string): Promise<{ services: string[]; jobs: string[] }> {
  const { services = [], jobs = [] } = JSON.parse(await readFile(file, 'utf8'))
  return { services, jobs }
}

/** The services and jobs of a definition that a runtime of that kind serves. */
export function served({ services, jobs }: StackDefinition, kind: RuntimeKind): Workload[] {
  return [...services, ...jobs].filter(({ runtime }) => runtime === kind)
}

/** The environment a workload sees, with the values of its secrets. */
export function environmentOf({ env }: Workload, { secrets }: StackDefinition): Record<string, string> {
  const value = (name: string) => {
    const secret = secrets.get(name)
    if (secret === undefined) throw new Error(`the definition has no secret ${name}`)
    return secret.value
  }
  const text = (pieces: SecretText) => pieces.map((one) => (typeof one === 'string' ? one : value(one.secret))).join('')
  return Object.fromEntries(Object.entries(env).map(([name, pieces]) => [name, text(pieces)]))
}
