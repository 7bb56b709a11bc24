import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { describe, expect, it } from 'vitest'
import { angee, startAngee } from './support/angee.ts'
import { errorOf, makeStack } from './support/stack.ts'

const manifest = (own = '{ type: localfs }'): string => `name: shop
backup_backend: ${own}
backup:
  backends:
    offsite: { type: localfs, path: ./offsite }
persist:
  app: { subpath: ./data/app }
  uploads: { subpath: ./data/uploads }
services:
  notes: { runtime: local, backup: { dump: "seq 1 200000", restore: "cat > restored" } }
`

async function stackWithSnapshot(own?: string): Promise<{ stack: string; id: string }> {
  const stack = await makeStack({ 'angee.yaml': manifest(own) })
  const taken = await angee(stack, 'stack', 'backup', '-q', '--name', 'first')
  expect(taken, taken.stderr).toMatchObject({ exitCode: 0 })
  return { stack, id: taken.stdout.trim() }
}

const backup = (stack: string, ...words: string[]) => angee(stack, 'stack', 'backup', ...words)

/** Everything below a directory, by its path: what is the same in both needs no further words. */
function digests(directory: string): string {
  return execFileSync('sh', ['-c', 'find . -type f | sort | xargs sha256sum'], { cwd: directory, encoding: 'utf8' })
}

describe('copy', () => {
  it('brings a snapshot away and home again, byte for byte', async () => {
    const { stack, id } = await stackWithSnapshot()
    const away = await backup(stack, 'copy', 'first', '--to', 'offsite')
    expect(away, away.stderr).toMatchObject({ exitCode: 0 })
    expect(away.stdout).toContain(`Snapshot ${id} "first": now in ${stack}/offsite too`)
    expect(away.stderr).toContain(`Bring it back with: angee stack backup copy ${id} --from offsite`)
    const before = digests(join(stack, 'backups/snapshots'))
    expect(digests(join(stack, 'offsite/snapshots'))).toBe(before)

    const again = await backup(stack, 'copy', 'first', '--to', 'offsite', '--json')
    expect(again.exitCode).toBe(0)
    expect(JSON.parse(again.stdout.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
      type: 'result',
      operation: 'copy',
      outcome: 'present',
      id,
      to: { name: 'offsite', location: join(stack, 'offsite') },
    })

    await rm(join(stack, 'backups'), { recursive: true })
    await rm(join(stack, 'run'), { recursive: true })
    expect((await backup(stack, 'copy', 'latest', '--from', 'offsite', '-o', 'name')).stdout).toBe(`${id}\n`)
    expect(digests(join(stack, 'backups/snapshots'))).toBe(before)
    await rm(join(stack, 'data/app/one.txt'))
    const restored = await angee(stack, 'stack', 'restore', 'first', '--yes')
    expect(restored, restored.stderr).toMatchObject({ exitCode: 0 })
    expect(await readFile(join(stack, 'data/app/one.txt'), 'utf8')).toBe('one\n')
  })

  it('takes a directory, which a stack can then use', async () => {
    const { stack, id } = await stackWithSnapshot()
    expect((await backup(stack, 'copy', 'first', '--to', './usb/')).exitCode).toBe(0)
    const other = await makeStack({ 'angee.yaml': manifest(`{ type: localfs, path: ${stack}/usb }`) })
    expect((await backup(other, 'reindex')).exitCode).toBe(0)
    expect((await backup(other, 'ls', '-q')).stdout).toBe(`${id}\n`)
  })

  it.each([
    [['copy', 'first'], 'where to?', 'There is: offsite'],
    [['copy'], "missing required argument 'snapshot'", 'copy --help'],
    [['copy', 'first', '--to', 'offsiet'], 'no backend "offsiet"', 'Did you mean "offsite"?'],
    [['copy', 'first', '--ot', 'offsite'], "unknown option '--ot'", '--to'],
    [['copy', 'first', '--to', './backups'], 'are the same place', '--to'],
    [['copy', 'first', '--to', './data/app/copies'], 'lies in persist/app', 'outside'],
    [['export', 'first'], "missing required argument 'file'", 'export --help'],
    [['export', 'first', 'data'], 'data is a directory', 'data/snapshot.tar'],
    [['export', 'first', 'angee.yaml'], 'angee.yaml exists already', '--force'],
    [['export', 'first', '-'], '"-o json" would write there too', 'name a file'],
    [['import'], "missing required argument 'file'", 'import --help'],
    [['import', 'none.tar'], 'there is no file none.tar', 'backup export'],
    [['import', '-'], 'stdin cannot be', 'Save it to a file'],
  ])('%j is a wrong request', async (words, message, hint) => {
    const { stack } = await stackWithSnapshot()
    const refused = await backup(stack, ...words, '--json')
    expect(errorOf(refused)).toMatchObject({
      exitCode: 2,
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    })
    expect(await readdir(stack)).not.toContain('offsite')
  })

  it('names what another backend has, and what it lacks', async () => {
    const { stack, id } = await stackWithSnapshot()
    await backup(stack, 'copy', 'first', '--to', 'offsite')
    const refused = errorOf(await backup(stack, 'copy', 'nightly', '--from', 'offsite', '--json'))
    expect(refused).toMatchObject({
      code: 'SNAPSHOT_NOT_FOUND',
      exitCode: 13,
      hint: expect.stringContaining(`${id} (first)`),
    })
  })

  it('opens what lies encrypted only when that is asked for', async () => {
    const identity = await generateX25519Identity()
    const stack = await makeStack({ 'key.txt': `${identity}\n` })
    const encryption = `{ recipients: [${await identityToRecipient(identity)}], identity_file: key.txt }`
    await writeFile(join(stack, 'angee.yaml'), manifest(`{ type: localfs, encryption: ${encryption} }`))
    await backup(stack, '--name', 'first')
    for (const words of [
      ['copy', 'first', '--to', 'offsite'],
      ['export', 'first', 'shop.tar'],
    ]) {
      expect(errorOf(await backup(stack, ...words, '--json'))).toMatchObject({
        exitCode: 2,
        hint: expect.stringContaining('--plain'),
      })
      expect(await backup(stack, ...words, '--plain')).toMatchObject({ exitCode: 0 })
    }
    const [id = ''] = await readdir(join(stack, 'offsite/snapshots'))
    execFileSync('zstd', ['-tq', `offsite/snapshots/${id}/parts/service.notes.zst`], { cwd: stack })
  })

  it('that is killed leaves nothing to be seen, and the next one is whole', async () => {
    const { stack, id } = await stackWithSnapshot()
    execFileSync('sh', ['-c', 'head -c 60000000 /dev/urandom > data/app/large'], { cwd: stack })
    const taken = await backup(stack, '-q')
    const large = taken.stdout.trim()
    const copying = startAngee(stack, ['stack', 'backup', 'copy', large, '--to', 'offsite'])
    const mark = join(stack, 'offsite/snapshots', large, 'writing.json')
    while (!existsSync(mark) && copying.child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 5))
    copying.child.kill('SIGKILL')
    await copying.finished
    expect(existsSync(join(stack, 'offsite/snapshots', large, 'manifest.json'))).toBe(false)
    const again = await backup(stack, 'copy', large, '--to', 'offsite')
    expect(again, again.stderr).toMatchObject({ exitCode: 0 })
    expect(digests(join(stack, 'offsite/snapshots', large))).toBe(digests(join(stack, 'backups/snapshots', large)))
    expect(await readdir(join(stack, 'offsite/.incoming~'))).toEqual([])
    expect(await readdir(join(stack, 'offsite/snapshots'))).not.toContain(id)
  })
})

describe('export and import', () => {
  it('carry a snapshot to another stack in one file', async () => {
    const { stack, id } = await stackWithSnapshot()
    const written = await backup(stack, 'export', 'first', 'shop.tar')
    expect(written, written.stderr).toMatchObject({ exitCode: 0 })
    expect(written.stdout).toContain(
      execFileSync('sha256sum', ['shop.tar'], { cwd: stack, encoding: 'utf8' }).split(' ')[0],
    )
    expect(written.stderr).toContain('Import it with: angee stack backup import shop.tar')

    const other = await makeStack({ 'angee.yaml': manifest().replace('shop', 'second') })
    const file = join(stack, 'shop.tar')
    const shown = await backup(other, 'import', file, '--dry-run')
    expect(shown.stdout).toMatch(new RegExp(`^Snapshot +${id}$`, 'm'))
    expect(shown.stdout).toMatch(/^Stack +shop /m)
    expect(shown.stdout).toContain('    offsite: { type: localfs, path: ./offsite }')
    expect(await readdir(other)).not.toContain('backups')
    expect(JSON.parse((await backup(other, 'import', file, '--dry-run', '--json')).stdout)).toMatchObject({
      dryRun: true,
      snapshot: { id },
    })

    const imported = await backup(other, 'import', file)
    expect(imported, imported.stderr).toMatchObject({ exitCode: 0 })
    expect(imported.stderr).toContain('taken of the stack "shop"')
    expect((await backup(other, 'import', file)).stdout).toContain('already, the same')
    await rm(join(other, 'data/app/two.txt'))
    const restored = await angee(other, 'stack', 'restore', 'first', '--yes')
    expect(restored, restored.stderr).toMatchObject({ exitCode: 0 })
    expect(await readFile(join(other, 'data/app/two.txt'), 'utf8')).toBe('two\n')
  })

  it('work through a pipe, and say so when nobody reads it', async () => {
    const { stack, id } = await stackWithSnapshot()
    const run = startAngee(stack, ['stack', 'backup', 'export', 'first', '-'])
    const pieces: Buffer[] = []
    run.child.stdout.setEncoding('latin1').on('data', (text: string) => pieces.push(Buffer.from(text, 'latin1')))
    const { exitCode, stderr } = await run.finished
    expect(exitCode, stderr).toBe(0)
    await writeFile(join(stack, 'saved.tar'), Buffer.concat(pieces))
    expect((await backup(stack, 'import', 'saved.tar', '--to', './elsewhere', '-q')).stdout).toBe(`${id}\n`)

    await writeFile(
      join(stack, 'data/app/large'),
      Buffer.alloc(3_000_000, 'x').map((_, index) => (index * 2_654_435_761) >> 7),
    )
    await backup(stack, '--name', 'second')
    const left = startAngee(stack, ['stack', 'backup', 'export', 'second', '-'])
    left.child.stdout.destroy()
    expect(await left.finished).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('stdout cannot be written'),
    })
  })

  it.each(['tar', 'bsdtar'])('a file unpacked by %s is a backend', async (tar) => {
    const { stack, id } = await stackWithSnapshot()
    await backup(stack, 'export', 'first', 'shop.tar')
    await mkdir(join(stack, 'unpacked'))
    execFileSync(tar, ['-xf', 'shop.tar', '-C', 'unpacked'], { cwd: stack })
    expect((await backup(stack, 'copy', 'first', '--from', './unpacked', '--to', './third')).exitCode).toBe(0)
    const other = await makeStack({ 'angee.yaml': manifest(`{ type: localfs, path: ${stack}/unpacked }`) })
    await backup(other, 'reindex')
    expect((await backup(other, 'verify', id)).exitCode).toBe(0)
    await rm(join(other, 'data/uploads'), { recursive: true })
    const restored = await angee(other, 'stack', 'restore', 'first', '--yes')
    expect(restored, restored.stderr).toMatchObject({ exitCode: 0 })
    expect(await readFile(join(other, 'data/uploads/picture.bin'), 'utf8')).toBe('x'.repeat(10_000))
    expect(await readFile(join(other, 'restored'), 'utf8')).toContain('\n200000\n')
  })
})
