import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { readExportLines } from '../compile/shell.ts'
import { environmentEnd, type Home } from '../home.ts'

/** What a service takes in when it starts, besides its environment in the file. */
export async function takenBy(home: Home, service: string): Promise<Record<string, string>> {
  return readExportLines(await readFile(fileOf(home, service), 'utf8').catch(() => ''))
}

/** Whether what it takes in is there: `down` removes it. */
export function hasTaken(home: Home, service: string): boolean {
  return existsSync(fileOf(home, service))
}

function fileOf(home: Home, service: string): string {
  return `${home.service(service)}${environmentEnd}`
}
