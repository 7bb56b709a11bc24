import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { angee } from './support/angee.ts'
import { makeStack } from './support/stack.ts'

describe('backup, ls, show, verify, rm, reindex', () => {
  it('takes a snapshot, lists, shows and verifies it', async () => {
    const stack = await makeStack()
    const taken = await angee(stack, 'stack', 'backup', '--name', 'first', '--label', 'ticket=42')
    expect(taken).toMatchObject({ exitCode: 0 })
    const id = /Snapshot (\w{26}) "first": complete/.exec(taken.stdout)?.[1] ?? ''
    expect(taken.stdout).toMatch(/persist\/app +\S+ \w+ +\S+ \w+ +2 files, 1 directory/)
    expect(taken.stderr).toContain(`Restore it with: angee stack restore ${id}`)

    const listed = await angee(stack, 'stack', 'backup', 'ls')
    expect(listed).toMatchObject({ exitCode: 0, stderr: '' })
    expect(listed.stdout.split('\n')[0]).toMatch(/^ID +CREATED +STATUS +AGE +PARTS +SIZE +NAME$/)
    expect(listed.stdout.split('\n')[1]).toMatch(new RegExp(`^${id}  .*complete +now +2 .* first$`))

    const shown = await angee(stack, 'stack', 'backup', 'show', id.slice(0, 12), '-o', 'json')
    expect(JSON.parse(shown.stdout)).toMatchObject({ id, name: 'first', labels: { ticket: '42' }, status: 'complete' })

    const verified = await angee(stack, 'stack', 'backup', 'verify', 'latest', '--json')
    expect(verified.exitCode).toBe(0)
    expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, level: 'full', snapshots: [{ id, ok: true }] })
    const page = await angee(stack, 'stack', 'backup', 'show', 'first')
    expect(page.stdout).toMatch(/^Verified +\d{4}-/m)
  })

  it('prints ids only for -o name and -q, and documents for yaml and json', async () => {
    const stack = await makeStack()
    const { stdout: id, stderr } = await angee(stack, 'stack', 'backup', '-q')
    expect(id).toMatch(/^\w{26}\n$/)
    expect(stderr).toBe('')
    expect((await angee(stack, 'stack', 'backup', 'ls', '-o', 'name')).stdout).toBe(id)
    expect((await angee(stack, 'stack', 'backup', 'ls', '-o', 'yaml')).stdout).toContain(`- id: ${id}`)
    const [record] = JSON.parse((await angee(stack, '--json', 'stack', 'backup', 'ls')).stdout)
    expect(record).toMatchObject({ id: id.trim(), parts: [{ part: 'persist/app' }, { part: 'persist/uploads' }] })
  })

  it('tells a program every event as one JSON object a line, the result last', async () => {
    const stack = await makeStack()
    const { exitCode, stdout, stderr } = await angee(stack, 'stack', 'backup', '--json')
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(new Set(lines.map(({ type }) => type))).toEqual(new Set(['phase', 'part', 'result']))
    expect(lines.at(-1)).toMatchObject({ type: 'result', operation: 'backup', status: 'complete', exitCode: 0 })
  })

  it('says on a dry run what would be captured, and stores nothing', async () => {
    const stack = await makeStack({ 'angee.yaml': 'persist:\n  all: { subpath: . }\n  app: { subpath: data/app }\n' })
    const { exitCode, stdout } = await angee(stack, 'stack', 'backup', '--dry-run')
    expect(exitCode).toBe(0)
    expect(stdout).toContain('left out of persist/all: data/app (a part of its own)')
    expect(stdout).toContain('left out of persist/all: run (run-time state)')
    expect(stdout).toContain(
      'left out of persist/all: .env (secrets are captured only on request, as a part of their own)',
    )
    expect((await angee(stack, 'stack', 'backup', 'ls', '-o', 'name')).stdout).toBe('')
  })

  it('keeps exit code 0 when only some parts were asked for, and never calls that one latest', async () => {
    const stack = await makeStack()
    expect(await angee(stack, 'stack', 'backup', '--only', 'persist/app')).toMatchObject({ exitCode: 0 })
    const { exitCode, stderr } = await angee(stack, 'stack', 'restore', 'latest', '--dry-run')
    expect(exitCode).toBe(13)
    expect(stderr).toContain('there is no complete snapshot yet')
  })

  it('removes after --yes, and all or nothing of what was named', async () => {
    const stack = await makeStack()
    await angee(stack, 'stack', 'backup', '--name', 'a')
    const refused = await angee(stack, 'stack', 'backup', 'rm', 'a')
    expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--yes') })
    expect(await angee(stack, 'stack', 'backup', 'rm', 'a', 'nosuch', '-y')).toMatchObject({ exitCode: 13 })
    expect((await angee(stack, 'stack', 'backup', 'ls')).stdout).toContain(' a\n')
    const removed = await angee(stack, 'stack', 'backup', 'rm', 'a', '--yes')
    expect(removed).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^Removed \w{26}\n$/) })
    expect((await angee(stack, 'stack', 'backup', 'ls')).stderr).toContain('no snapshots yet')
  })

  it('rebuilds a lost catalog from the backend', async () => {
    const stack = await makeStack()
    const { stdout: id } = await angee(stack, 'stack', 'backup', '--name', 'kept', '-q')
    await rm(join(stack, 'run'), { recursive: true })
    expect((await angee(stack, 'stack', 'backup', 'show', 'kept', '-o', 'name')).stdout).toBe(id)
    expect((await angee(stack, 'stack', 'backup', 'reindex')).stdout).toContain(`added to the list: ${id.trim()}`)
    expect((await angee(stack, 'stack', 'backup', 'ls', '-q')).stdout).toBe(id)
  })
})

describe('restore', () => {
  it('plans, refuses without agreement, restores, and undoes', async () => {
    const stack = await makeStack()
    const file = join(stack, 'data/app/one.txt')
    await angee(stack, 'stack', 'backup', '--name', 'good')
    await writeFile(file, 'changed\n')

    const plan = await angee(stack, 'stack', 'restore', 'good', '--dry-run')
    expect(plan.stdout).toMatch(/persist\/app +replace/)
    expect(plan.stdout).toContain('Safety snapshot first: yes, of persist/app, persist/uploads')
    expect(await angee(stack, 'stack', 'restore', 'good')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('(CONFIRMATION_REQUIRED)'),
    })
    expect(await readFile(file, 'utf8')).toBe('changed\n')

    const restored = await angee(stack, 'stack', 'restore', 'good', '--yes')
    expect(restored).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('2 parts replaced') })
    expect(await readFile(file, 'utf8')).toBe('one\n')

    const undone = await angee(stack, 'stack', 'restore', '--undo', '--yes', '--json')
    expect(JSON.parse(undone.stdout.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({ type: 'result', exitCode: 0 })
    expect(await readFile(file, 'utf8')).toBe('changed\n')
  })

  it('restores only the part asked for and says what it kept', async () => {
    const stack = await makeStack()
    await angee(stack, 'stack', 'backup')
    await writeFile(join(stack, 'data/app/one.txt'), 'changed\n')
    await writeFile(join(stack, 'data/uploads/picture.bin'), 'changed\n')
    const { stdout } = await angee(stack, 'stack', 'restore', 'latest', '--only', 'persist/app', '-y', '--no-safety')
    expect(stdout).toContain('1 part replaced, 1 kept')
    expect(await readFile(join(stack, 'data/app/one.txt'), 'utf8')).toBe('one\n')
    expect(await readFile(join(stack, 'data/uploads/picture.bin'), 'utf8')).toBe('changed\n')
  })

  it('has nothing to undo where nothing was restored', async () => {
    const stack = await makeStack()
    const { exitCode, stderr } = await angee(stack, 'stack', 'restore', '--undo', '--yes')
    expect(exitCode).toBe(13)
    expect(stderr).toContain('(NOTHING_TO_UNDO)')
  })
})

describe('doctor', () => {
  it('is content with a stack that is well, and exits with 1 when something is not', async () => {
    const stack = await makeStack()
    await angee(stack, 'stack', 'backup', '-q')
    const well = await angee(stack, 'doctor')
    expect(well).toMatchObject({ exitCode: 0, stderr: '\nReady.\n' })
    expect(well.stdout).toMatch(/^ok {4}backend: localfs at .* can be written$/m)

    await rm(join(stack, 'data/app'), { recursive: true })
    const ill = await angee(stack, 'doctor', '-o', 'json')
    const failed = JSON.parse(ill.stdout).checks.filter(({ status }: { status: string }) => status === 'fail')
    expect(ill.exitCode).toBe(1)
    expect(failed).toMatchObject([{ name: 'persist/app', hint: expect.stringContaining('mkdir -p data/app') }])
  })
})
