import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { angee } from './support/angee.ts'
import { errorOf, makeStack } from './support/stack.ts'

const weak = 'hunter2'
let identity: string
let recipient: string
let keys: string

beforeAll(async () => {
  identity = await generateX25519Identity()
  recipient = await identityToRecipient(identity)
  const directory = await mkdtemp(join(tmpdir(), 'angee-keys-'))
  keys = join(directory, 'key.txt')
  await writeFile(keys, `# a comment\n${identity}\n`, { mode: 0o600 })
  return () => rm(directory, { recursive: true })
})

const manifest = (encryption: string, backups = './backups'): string => `name: shop
backup_backend: { type: localfs, path: ${backups}, ${encryption} }
persist:
  all: { subpath: . }
  app: { subpath: ./data/app }
`
const encrypted = (backups?: string): string =>
  manifest(`encryption: { recipients: [${recipient}], identity_file: ${keys} }`, backups)

describe('--include-secrets', () => {
  it('is refused where snapshots are not encrypted, before anything is started', async () => {
    const stack = await makeStack({ '.env': `PASSWORD=${weak}\n` })
    const refused = await angee(stack, 'stack', 'backup', '--include-secrets', '-o', 'json')
    expect(errorOf(refused)).toMatchObject({
      code: 'USAGE',
      exitCode: 2,
      message: expect.stringContaining('encrypted'),
    })
    expect(errorOf(refused).hint).toContain('encryption.recipients')
    expect(await readdir(stack)).not.toContain('backups')
  })

  it('brings the secrets file back into a fresh stack and over a changed one, and an undo returns the changed one', async () => {
    const backups = await mkdtemp(join(tmpdir(), 'angee-shared-'))
    onTestFinished(() => rm(backups, { recursive: true }))
    const stack = await makeStack({ 'angee.yaml': encrypted(backups), '.env': `PASSWORD=${weak}\n` })
    const plan = await angee(stack, 'stack', 'backup', '--include-secrets', '--dry-run')
    expect(plan.stdout).toContain('secrets/file')
    const taken = await angee(stack, 'stack', 'backup', '--include-secrets', '--name', 'sealed')
    expect(taken, taken.stderr).toMatchObject({ exitCode: 0 })
    const shown = await angee(stack, 'stack', 'backup', 'show', 'sealed')
    expect(shown.stdout).toContain(`Encrypted   for ${recipient}`)
    expect(shown.stdout).toMatch(/^Secrets +included/m)
    expect(await filesWith(weak, backups)).toEqual([])

    const fresh = await makeStack({ 'angee.yaml': encrypted(backups) })
    expect(await angee(fresh, 'stack', 'backup', 'reindex')).toMatchObject({ exitCode: 0 })
    const restored = await angee(fresh, 'stack', 'restore', 'sealed', '--yes')
    expect(restored, restored.stderr).toMatchObject({ exitCode: 0 })
    expect(await readFile(join(fresh, '.env'), 'utf8')).toBe(`PASSWORD=${weak}\n`)
    expect((await stat(join(fresh, '.env'))).mode & 0o777).toBe(0o600)
    const undone = await angee(fresh, 'stack', 'restore', '--undo', '--yes')
    expect(undone, undone.stderr).toMatchObject({ exitCode: 0 })
    expect(await readdir(fresh)).not.toContain('.env')

    await writeFile(join(stack, '.env'), 'PASSWORD=changed\n')
    await chmod(join(stack, '.env'), 0o640)
    const over = await angee(stack, 'stack', 'restore', 'sealed', '--yes')
    expect(over, over.stderr).toMatchObject({ exitCode: 0 })
    expect(await readFile(join(stack, '.env'), 'utf8')).toBe(`PASSWORD=${weak}\n`)
    const back = await angee(stack, 'stack', 'restore', '--undo', '--yes')
    expect(back, back.stderr).toMatchObject({ exitCode: 0 })
    expect(await readFile(join(stack, '.env'), 'utf8')).toBe('PASSWORD=changed\n')
    expect((await stat(join(stack, '.env'))).mode & 0o777).toBe(0o640)
  })

  it('leaves the secrets file alone when other parts are asked for', async () => {
    const stack = await makeStack({ 'angee.yaml': encrypted(), '.env': `PASSWORD=${weak}\n` })
    await angee(stack, 'stack', 'backup', '--include-secrets', '--name', 'sealed')
    await writeFile(join(stack, '.env'), 'PASSWORD=changed\n')
    const restored = await angee(stack, 'stack', 'restore', 'sealed', '--only', 'persist/app', '--yes')
    expect(restored, restored.stderr).toMatchObject({ exitCode: 0 })
    expect(await readFile(join(stack, '.env'), 'utf8')).toBe('PASSWORD=changed\n')
  })

  it('says which file is missing', async () => {
    const stack = await makeStack({ 'angee.yaml': encrypted() })
    const failed = await angee(stack, 'stack', 'backup', '--include-secrets', '-o', 'json')
    expect(errorOf(failed)).toMatchObject({ exitCode: 1, message: expect.stringContaining('.env') })
  })
})

describe('a key', () => {
  it('that is missing or wrong is told apart from damage, and nothing is touched', async () => {
    const stack = await makeStack({ 'angee.yaml': encrypted() })
    await angee(stack, 'stack', 'backup', '--name', 'kept')
    await writeFile(join(stack, 'angee.yaml'), manifest(`encryption: { recipients: [${recipient}] }`))
    const missing = await angee(stack, 'stack', 'restore', 'kept', '--yes', '-o', 'json')
    expect(errorOf(missing)).toMatchObject({ code: 'KEY_MISSING', exitCode: 12 })
    expect(errorOf(missing).hint).toContain('identity_file')
    const stranger = await generateX25519Identity()
    await writeFile(keys.replace('key.txt', 'other.txt'), stranger)
    await writeFile(join(stack, 'angee.yaml'), encrypted().replace('key.txt', 'other.txt'))
    const wrong = await angee(stack, 'stack', 'restore', 'kept', '--yes', '-o', 'json')
    expect(errorOf(wrong)).toMatchObject({ code: 'KEY_WRONG', exitCode: 12 })
    const refused = await angee(stack, 'stack', 'backup', '-o', 'json')
    expect(errorOf(refused)).toMatchObject({ code: 'KEY_WRONG', exitCode: 12 })
    expect(await readFile(join(stack, 'data/app/one.txt'), 'utf8')).toBe('one\n')
  })

  it('may be named as a secret, and is nowhere in output', async () => {
    const named = manifest(`encryption: { recipients: [${recipient}], identity: "\${secret.AGE_IDENTITY}" }`)
    const stack = await makeStack({ 'angee.yaml': named, '.env': `AGE_IDENTITY=${identity}\n` })
    const runs = [
      await angee(stack, 'stack', 'backup', '--name', 'kept', '--json'),
      await angee(stack, 'stack', 'backup', 'show', 'kept', '--json'),
      await angee(stack, 'stack', 'backup', 'verify', 'kept', '--json'),
      await angee(stack, 'stack', 'restore', 'kept', '--yes', '--json'),
      await angee(stack, 'doctor', '--json'),
    ]
    for (const { exitCode, stdout, stderr } of runs.slice(0, 4)) {
      expect(exitCode, stdout).toBe(0)
      expect(stdout + stderr).not.toContain(identity)
    }
    expect(await filesWith(identity, join(stack, 'backups'))).toEqual([])
    expect(await filesWith(identity, join(stack, 'run'))).toEqual([])
    await writeFile(join(stack, '.env'), 'AGE_IDENTITIES=x\n')
    const failed = await angee(stack, 'stack', 'backup', '-o', 'json')
    expect(errorOf(failed)).toMatchObject({ code: 'BACKEND_OPTIONS_INVALID', exitCode: 2 })
    expect(errorOf(failed).message).toContain('backup_backend.encryption.identity')
  })
})

async function filesWith(text: string, directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const hits = await Promise.all(files.map(async (file) => ((await readFile(file)).includes(text) ? [file] : [])))
  expect(files.length, 'there is something to search').toBeGreaterThan(0)
  return hits.flat()
}
