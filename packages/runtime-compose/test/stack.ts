import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Runtime } from '@angee/core'
import { provisionedFact, testContext } from '@angee/testkit'
import compose from '../src/index.ts'

const run = promisify(execFile)

/** A Compose project of its own in a temporary directory. Disposing of it takes everything down. */
export interface TestStack extends AsyncDisposable {
  readonly directory: string
  readonly runtime: Runtime
  /** Runs `docker compose` in the stack root and gives its stdout. */
  compose(...words: string[]): Promise<string>
}

export const image = provisionedFact('BASE_IMAGE') ?? 'angee-test/base:trixie'

/** Makes a project from the text of a Compose file, in which IMAGE stands for the test image. Starts nothing. */
export async function makeStack(file: string): Promise<TestStack> {
  const directory = await mkdtemp(join(tmpdir(), 'angee-compose-'))
  const name = `angee-test-${randomBytes(5).toString('hex')}`
  await writeFile(join(directory, 'compose.yaml'), `name: ${name}\n${file.replaceAll('IMAGE', image)}`)
  const call = async (...words: string[]) =>
    (
      await run('docker', ['compose', ...words], {
        cwd: directory,
        env: { ...process.env, PWD: directory },
        maxBuffer: 1 << 26,
      })
    ).stdout
  return {
    directory,
    compose: call,
    runtime: await compose.open({ options: {}, stackRoot: directory, services: [] }, testContext()),
    async [Symbol.asyncDispose]() {
      await call('--profile', '*', 'down', '--volumes', '--remove-orphans', '--timeout', '0')
      await rm(directory, { recursive: true })
    },
  }
}
