import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { angee, startAngee } from './support/angee.ts'
import { errorOf, makeStack } from './support/stack.ts'

const backup = ['stack', 'backup', '--json']

describe('a stack that is not right', () => {
  const cases: [what: string, manifest: string, code: string, message: RegExp, hint: RegExp][] = [
    [
      'unknown backend',
      'backup_backend: { type: localsf }\npersist: { app: { subpath: data/app } }\n',
      'BACKEND_UNKNOWN',
      /"localsf"/,
      /Did you mean "localfs"\?/,
    ],
    [
      'misspelt key',
      'presist: { app: { subpath: data/app } }\n',
      'MANIFEST_INVALID',
      /angee\.yaml:1:1.*presist/,
      /"persist"/,
    ],
    [
      'escaping entry',
      'persist: { app: { subpath: ../out } }\n',
      'SCOPE_ESCAPES_ROOT',
      /"\.\.\/out"/,
      /below the stack/,
    ],
    [
      'missing entry',
      'persist: { app: { subpath: data/nothing } }\n',
      'PERSIST_MISSING',
      /data\/nothing/,
      /mkdir -p data\/nothing/,
    ],
    ['nothing declared', 'name: empty\n', 'SCOPE_EMPTY', /declares nothing/, /persist:/],
    [
      'unknown plugin',
      'backup: { plugins: [nosuch-backend] }\n',
      'PLUGIN_INVALID',
      /nosuch-backend/,
      /npm install nosuch-backend/,
    ],
  ]
  it.each(cases)('%s', async (_, manifest, code, message, hint) => {
    const stack = await makeStack({ 'angee.yaml': manifest })
    const result = await angee(stack, ...backup)
    const error = errorOf(result)
    expect(error).toMatchObject({ type: 'error', code, exitCode: result.exitCode })
    expect(error.message).toMatch(message)
    expect(error.hint).toMatch(hint)
    expect(result.stderr).toContain(`(${code})`)
  })

  it('a persist entry that is a link out of the stack', async () => {
    const stack = await makeStack({ 'angee.yaml': 'persist: { app: { subpath: data/link } }\n' })
    const outside = await makeStack()
    await symlink(outside, join(stack, 'data/link'))
    expect(errorOf(await angee(stack, ...backup))).toMatchObject({ code: 'SCOPE_ESCAPES_ROOT', exitCode: 2 })
  })

  it('no stack at all', async () => {
    const stack = await makeStack()
    await rm(join(stack, 'angee.yaml'))
    for (const command of [
      backup,
      ['stack', 'backup', 'ls', '--json'],
      ['stack', 'restore', 'latest', '-y', '--json'],
    ]) {
      const error = errorOf(await angee(stack, ...command))
      expect(error).toMatchObject({ code: 'STACK_NOT_FOUND', exitCode: 2, hint: expect.stringContaining('--root') })
    }
  })
})

describe('a snapshot that is not there, or not right', () => {
  it('unknown id, unknown name, ambiguous beginning', async () => {
    const stack = await makeStack()
    const first = (await angee(stack, 'stack', 'backup', '-q')).stdout.trim()
    await angee(stack, 'stack', 'backup', '-q')
    const show = async (id: string) => errorOf(await angee(stack, 'stack', 'backup', 'show', id, '--json'))
    expect(await show('01ARZ3NDEKTSV4RRFFQ69G5FAV')).toMatchObject({ code: 'SNAPSHOT_NOT_FOUND', exitCode: 13 })
    expect(await show('nosuch')).toMatchObject({
      code: 'SNAPSHOT_NOT_FOUND',
      hint: expect.stringContaining('backup ls'),
    })
    expect(await show(first.slice(0, 6))).toMatchObject({
      code: 'ID_AMBIGUOUS',
      hint: expect.stringContaining('more letters'),
    })
  })

  it('a damaged line of the catalog costs that line, and reindex repairs it', async () => {
    const stack = await makeStack()
    const id = (await angee(stack, 'stack', 'backup', '-q')).stdout
    const catalog = join(stack, 'run/backup/catalog.jsonl')
    await writeFile(catalog, `{"id": "01AR\n${await readFile(catalog, 'utf8')}`)
    const listed = await angee(stack, 'stack', 'backup', 'ls', '-o', 'name')
    expect(listed).toMatchObject({ exitCode: 3, stdout: id, stderr: expect.stringContaining('stack backup reindex') })
    await writeFile(catalog, 'garbage\n')
    expect(errorOf(await angee(stack, 'stack', 'backup', 'ls', '--json'))).toMatchObject({
      code: 'CATALOG_CORRUPT',
      exitCode: 14,
    })
    await angee(stack, 'stack', 'backup', 'reindex')
    expect(await angee(stack, 'stack', 'backup', 'ls', '-q')).toMatchObject({ exitCode: 0, stdout: id, stderr: '' })
  })

  it('foreign files in the backend are left alone', async () => {
    const stack = await makeStack()
    const id = (await angee(stack, 'stack', 'backup', '-q')).stdout.trim()
    await mkdir(join(stack, 'backups/snapshots/holiday'), { recursive: true })
    await writeFile(join(stack, 'backups/snapshots/holiday/beach.jpg'), 'sand')
    await writeFile(join(stack, 'backups/notes.txt'), 'mine')
    expect((await angee(stack, 'stack', 'backup', 'reindex', '--json')).exitCode).toBe(0)
    const verified = JSON.parse((await angee(stack, 'stack', 'backup', 'verify', '--all', '--json')).stdout)
    expect(verified.snapshots.map((one: { id: string }) => one.id)).toEqual([id])
    expect(await readFile(join(stack, 'backups/snapshots/holiday/beach.jpg'), 'utf8')).toBe('sand')
    expect(await readFile(join(stack, 'backups/notes.txt'), 'utf8')).toBe('mine')
  })

  it('a newer format is refused by its number', async () => {
    const stack = await makeStack()
    const id = (await angee(stack, 'stack', 'backup', '-q')).stdout.trim()
    const manifest = join(stack, 'backups/snapshots', id, 'manifest.json')
    await writeFile(manifest, (await readFile(manifest, 'utf8')).replace(/"format": ?1/, '"format":2'))
    const result = await angee(stack, 'stack', 'restore', id, '--yes', '--json')
    expect(errorOf(result)).toMatchObject({ code: 'FORMAT_TOO_NEW', exitCode: 14 })
  })

  it('a flipped byte is found by verify and refused by restore, and the other parts can be had', async () => {
    const stack = await makeStack()
    const id = (await angee(stack, 'stack', 'backup', '-q')).stdout.trim()
    const part = join(stack, 'backups/snapshots', id, 'parts/persist.app.tar.zst')
    const bytes = await readFile(part)
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1
    await writeFile(part, bytes)
    await writeFile(join(stack, 'data/app/one.txt'), 'changed\n')
    const verified = await angee(stack, 'stack', 'backup', 'verify', id)
    expect(verified).toMatchObject({ exitCode: 14, stdout: expect.stringContaining('DAMAGED') })
    expect(verified.stdout).toContain('persist/app')
    expect((await angee(stack, 'stack', 'backup', 'ls')).stdout).toMatch(/DAMAGED/)
    expect((await angee(stack, 'stack', 'backup', 'show', id)).stdout).toMatch(/Damaged +found/)
    const restored = await angee(stack, 'stack', 'restore', id, '--yes', '--json')
    expect(errorOf(restored)).toMatchObject({ code: 'SNAPSHOT_CORRUPT', exitCode: 14 })
    expect(await readFile(join(stack, 'data/app/one.txt'), 'utf8')).toBe('changed\n')
    expect((await angee(stack, 'stack', 'restore', id, '--only', 'persist/uploads', '-y')).exitCode).toBe(0)
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1
    await writeFile(part, bytes)
    expect((await angee(stack, 'stack', 'backup', 'verify', id)).exitCode).toBe(0)
    expect((await angee(stack, 'stack', 'backup', 'ls')).stdout).not.toMatch(/DAMAGED/)
  })

  it('a backend directory that cannot be written', async () => {
    const stack = await makeStack()
    await mkdir(join(stack, 'closed'), { mode: 0o500 })
    // Permissions do not stop root; the kernel's own file system does.
    const path = process.getuid?.() === 0 ? '/sys/angee' : './closed/backups'
    const persist = 'persist: { app: { subpath: data/app } }'
    await writeFile(join(stack, 'angee.yaml'), `backup_backend: { type: localfs, path: ${path} }\n${persist}\n`)
    const error = errorOf(await angee(stack, ...backup))
    expect(error).toMatchObject({
      code: 'BACKEND_READ_ONLY',
      exitCode: 1,
      hint: expect.stringMatching(/for writing/),
    })
  })

  it('a backend path that is a file', async () => {
    const stack = await makeStack({ backups: 'not a directory' })
    const error = errorOf(await angee(stack, ...backup))
    expect(error).toMatchObject({ exitCode: 1 })
    expect(error.code).toMatch(/^BACKEND_/)
    expect(error.message).toContain('backups')
  })
})

describe('a command line that cannot be understood', () => {
  const cases: [what: string, args: string[], message: RegExp, hint: RegExp][] = [
    ['nothing', [], /"angee" needs a command: stack/, /angee stack backup/],
    ['a typo in a command', ['stack', 'bakcup'], /'bakcup'/, /Did you mean backup\?/],
    ['a typo below backup', ['stack', 'backup', 'lst'], /"lst"/, /Did you mean "ls"\?/],
    ['a typo in an option', ['stack', 'backup', '--nmae', 'x'], /'--nmae'/, /Did you mean --name\?/],
    ['an option of another command', ['stack', 'backup', 'rm', 'x', '--dry-run', '-y'], /"--dry-run"/, /belongs to/],
    ['a part without its kind', ['stack', 'backup', '--only', 'app'], /persist\/NAME, service\/NAME or/, /--help/],
    ['a label without a value', ['stack', 'backup', '--label', 'x'], /key=value/, /--help/],
    ['an impossible name', ['stack', 'backup', '--name', 'latest'], /"latest"/, /letters, digits/],
    ['restore of nothing', ['stack', 'restore'], /which snapshot/, /backup ls/],
    ['undo of something', ['stack', 'restore', 'x', '--undo'], /--undo/, /one or the other/],
    ['verify of nothing', ['stack', 'backup', 'verify'], /which snapshots/, /--all/],
    ['an unknown output', ['stack', 'backup', 'ls', '-o', 'xml'], /xml/, /--help/],
  ]
  it.each(cases)('%s', async (_, args, message, hint) => {
    const { exitCode, stdout, stderr } = await angee(await makeStack(), ...args)
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr).toMatch(/\(USAGE\)\n$/)
    const [, shown = '', next = ''] = /error: (.*)\nhint: (.*)/.exec(stderr) ?? []
    expect(shown).toMatch(message)
    expect(next).toMatch(hint)
  })
})

describe('at the same time', () => {
  it('a second backup is told who holds the lock, and an interrupted first one leaves nothing', async () => {
    const stack = await makeStack({ 'data/uploads/large.bin': 'y'.repeat(1000) })
    await writeFile(join(stack, 'data/uploads/large.bin'), Buffer.alloc(400 << 20, 1))
    const first = startAngee(stack, ['stack', 'backup'])
    await expect.poll(first.stderr, { timeout: 20_000, interval: 20 }).toContain('capturing')
    const second = errorOf(await angee(stack, ...backup))
    first.child.kill('SIGINT')
    const { exitCode, stderr } = await first.finished
    expect(second).toMatchObject({
      code: 'LOCKED',
      exitCode: 11,
      message: expect.stringContaining(`process ${first.child.pid}`),
    })
    expect(exitCode).toBe(130)
    expect(stderr).toContain('SIGINT: stopping and cleaning up')
    expect(stderr).toContain('error: interrupted by SIGINT; nothing was stored')
    expect(JSON.parse((await angee(stack, 'stack', 'backup', 'verify', '--all', '--json')).stdout).snapshots).toEqual(
      [],
    )
    expect((await angee(stack, 'doctor')).stdout).toContain('nothing was left half done')
  })
})
