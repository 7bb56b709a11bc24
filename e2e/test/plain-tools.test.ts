import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildTree, describeTree, engineSuite } from '@angee/testkit'
import { expect, it } from 'vitest'
import { must } from '../support/angee.ts'
import { localStack } from '../support/local-stack.ts'

/** The day this tool is gone: a snapshot is restored by what every machine has. */
engineSuite('a snapshot without angee', ['tools'], () => {
  it('zstd and tar restore every tree, zstd every dump', async () => {
    await using stack = await localStack({
      persist: { app: './data', inner: './data/inner' },
      hooks: { db: { dump: 'cat store', restore: 'cat > store' } },
      files: { store: randomBytes(9_000_000) },
    })
    await buildTree(join(stack.root, 'data'), {
      'a file': 'content',
      'empty/': { type: 'directory', mode: 0o750, modifiedNs: 1_234_567_890_123_456_789n },
      large: randomBytes(9_500_000),
      hole: { type: 'hole', bytes: 50_000_000 },
      setuid: { type: 'file', content: '#!', mode: 0o4755, modifiedNs: 1n },
      'old/before 1970': { type: 'file', content: 'x', modifiedNs: -1_000_000_001n },
      'late/after 2038': { type: 'file', content: 'x', modifiedNs: 4_000_000_000_123_456_789n },
      link: { type: 'symlink', target: '../outside/and nowhere' },
      hard: { type: 'hardlink', of: 'large' },
      fifo: { type: 'fifo', mode: 0o640 },
      ['n'.repeat(255)]: 'long name',
      [`${'deep/'.repeat(60)}file`]: 'long path',
      'ünï ©ode\nline': 'odd',
      'inner/file': 'of another part',
    })
    if (process.getuid?.() === 0) await must('chown', ['3000001:3000002', 'a file'], join(stack.root, 'data'))
    const taken = await stack.angee(['stack', 'backup', '--name', 'wanted'])
    expect(taken.code, taken.stderr).toBe(0)
    const [record] = await stack.snapshots()
    const parts = join(stack.root, 'backups', 'snapshots', record?.id ?? '', 'parts')

    const into = join(stack.root, 'run', 'into')
    for (const name of ['app', 'inner']) {
      await mkdir(join(into, name), { recursive: true })
      await must(
        'sh',
        ['-c', `zstd -dc "$1" | tar -x -p -C "$2"`, 'sh', join(parts, `persist.${name}.tar.zst`), join(into, name)],
        '/',
      )
    }
    const live = await describeTree(join(stack.root, 'data'))
    const captured = live.filter((line) => !/^inner[ /]/.test(line))
    expect(captured.length).toBeGreaterThan(70)
    expect(await describeTree(join(into, 'app'))).toEqual(captured)
    expect(await describeTree(join(into, 'inner'))).toEqual(await describeTree(join(stack.root, 'data', 'inner')))

    await writeFile(join(into, 'dump.sh'), `zstd -dc '${join(parts, 'service.db.zst')}' > dump`)
    await must('sh', ['dump.sh'], into)
    const digest = async (path: string) =>
      createHash('sha256')
        .update(await readFile(path))
        .digest('hex')
    expect(await digest(join(into, 'dump'))).toBe(await digest(join(stack.root, 'store')))
    for (const part of ['persist.app.tar.zst', 'service.db.zst']) await must('zstd', ['-t', join(parts, part)], '/')
  })
})
