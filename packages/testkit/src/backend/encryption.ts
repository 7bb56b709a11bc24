import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DeclareCase } from './fixture.ts'
import { idOf, takeSnapshot } from './snapshots.ts'

/** Not compressible and not to be missed. */
const canary = Buffer.from('canary-9f8e7d6c5b4a39281706f5e4d3c2b1a0')

/** What a backend promises by `encrypts`. */
export function encryptionCases(declare: DeclareCase): void {
  declare('stored bytes do not show what they hold, where the backend says so', async ({ backend, makeTree }, test) => {
    if (!backend.capabilities.encrypts) return test.skip('the backend does not encrypt')
    const { localDirectory } = backend
    if (localDirectory === undefined) return test.skip('the stored bytes are not on this machine')
    await takeSnapshot(backend, idOf(1), {
      'service/db': canary,
      'persist/data': await makeTree({ [String(canary)]: canary }),
    })
    const entries = await readdir(localDirectory, { recursive: true, withFileTypes: true })
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
    assert.ok(files.length > 0, 'nothing is stored')
    for (const file of files) assert.ok(!(await readFile(file)).includes(canary), `${file} shows it`)
  })
}
