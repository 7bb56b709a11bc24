import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { AngeeError } from '@angee/core'

const name = 'process-compose'

/** The path of process-compose, or undefined when it is not installed. */
export function findProgram(own: NodeJS.ProcessEnv): string | undefined {
  return (own['PATH'] ?? '')
    .split(delimiter)
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, name))
    .find(isExecutable)
}

/** The path of process-compose. RUNTIME_UNAVAILABLE when it is not installed. */
export function requireProgram(own: NodeJS.ProcessEnv): string {
  const program = findProgram(own)
  if (program !== undefined) return program
  throw new AngeeError('RUNTIME_UNAVAILABLE', `${name} is not installed: no directory in PATH has it`, {
    hint: 'Install 1.122 or newer: https://f1bonacc1.github.io/process-compose/installation/',
  })
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
