import { execFileSync } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describeTree, engineSuite } from '@angee/testkit'
import { expect, it } from 'vitest'
import { angee } from './support/angee.ts'
import { makeStack } from './support/stack.ts'

engineSuite('an encrypted snapshot without angee', ['tools'], () => {
  it('is restored by age, zstd and tar', async () => {
    const stack = await makeStack({ '.env': 'PASSWORD=of the stack\n' })
    const shell = (command: string): string =>
      execFileSync('bash', ['-euo', 'pipefail', '-c', command], { cwd: stack, encoding: 'utf8' })
    shell('age-keygen -o key.txt 2>/dev/null')
    const recipient = shell('age-keygen -y key.txt').trim()
    await writeFile(
      join(stack, 'angee.yaml'),
      `backup_backend: { type: localfs, encryption: { recipients: [${recipient}] } }
persist:
  app: { subpath: ./data/app }
services:
  notes: { runtime: local, backup: { dump: "seq 1 100000", restore: "cat > notes" } }
`,
    )
    const taken = await angee(stack, 'stack', 'backup', '--include-secrets', '-q')
    expect(taken, taken.stderr).toMatchObject({ exitCode: 0 })
    const parts = `backups/snapshots/${taken.stdout.trim()}/parts`
    await mkdir(join(stack, 'by-hand'))
    shell(`age -d -i key.txt ${parts}/persist.app.tar.zst.age | zstd -dc | tar -xp -C by-hand`)
    expect(await describeTree(join(stack, 'by-hand'))).toEqual(await describeTree(join(stack, 'data/app')))
    expect(shell(`age -d -i key.txt ${parts}/service.notes.zst.age | zstd -dc | sha256sum`)).toBe(
      shell('seq 1 100000 | sha256sum'),
    )
    const secrets = shell(`age -d -i key.txt ${parts}/secrets.file.zst.age | zstd -dc`)
    expect(secrets.split('\n').slice(1).join('\n')).toBe(await readFile(join(stack, '.env'), 'utf8'))
    expect(() => shell(`zstd -dc ${parts}/persist.app.tar.zst.age 2>/dev/null`)).toThrow()
  })
})
