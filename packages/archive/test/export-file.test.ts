import { execFileSync } from 'node:child_process'
import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { isAngeeError } from '@angee/core'
import { describe, expect, it } from 'vitest'
import { archiveBackend, openExport } from '../src/index.ts'
import { memberHeader } from '../src/portable/member.ts'
import { readMembers } from '../src/portable/members.ts'
import { testContext } from './support/context.ts'
import { fileOf, smallExport } from './support/export-file.ts'
import { memoryStore } from './support/memory-store.ts'
import { id } from './support/snapshots.ts'
import { endBlocks, type HandMade, handMade } from './support/tar.ts'
import { temporary } from './support/temporary.ts'

const damageCodes = ['ARCHIVE_CORRUPT', 'ARCHIVE_HOSTILE', 'SNAPSHOT_CORRUPT', 'FORMAT_TOO_NEW'] as const

/** What an import does before it stores anything: opens the file and reads all of it. Undefined when all is well. */
async function problemIn(path: string): Promise<string | undefined> {
  try {
    await using file = await openExport(path, testContext())
    const report = await file.backend.check?.(file.id, 'full', testContext())
    return report?.parts.find(({ ok }) => !ok)?.problem
  } catch (error) {
    if (damageCodes.some((code) => isAngeeError(error, code))) return (error as Error).message
    throw error
  }
}

describe('damage to an export file', () => {
  it('is none when nothing was done', async () => {
    const { path } = await smallExport()
    expect(await problemIn(path)).toBeUndefined()
  })

  it('a flipped bit in any byte is found', async () => {
    const { path, bytes } = await smallExport()
    const file = openSync(path, 'r+')
    for (const [position, byte] of bytes.entries()) {
      writeSync(file, Buffer.of(byte ^ (1 << (position & 7))), 0, 1, position)
      if ((await problemIn(path)) === undefined) expect.fail(`byte ${position} of ${bytes.length}`)
      writeSync(file, bytes, position, 1, position)
    }
    closeSync(file)
    expect(await problemIn(path)).toBeUndefined()
  }, 300_000)

  it('a cut at any length is found, and any byte behind the end', async () => {
    const { path, bytes } = await smallExport()
    const file = openSync(path, 'r+')
    for (const more of [1, 512, 1024, 10_240]) {
      ftruncateSync(file, bytes.length + more)
      expect(await problemIn(path), `${more} more`).toContain('follow its end')
    }
    for (let length = bytes.length - 1; length >= 0; length--) {
      ftruncateSync(file, length)
      if ((await problemIn(path)) === undefined) expect.fail(`${length} of ${bytes.length} bytes`)
    }
    closeSync(file)
  })
})

describe('an export file made by hand', () => {
  it('is taken when it is what an export writes', async () => {
    const { bytes } = await smallExport()
    const members = membersOf(bytes)
    expect(members.map(({ name }) => name)).toEqual([
      './README',
      './export.json',
      './stack/angee.yaml',
      './repository.json',
      `./snapshots/${id}/parts/persist.data.tar.zst`,
      `./snapshots/${id}/parts/service.db.zst`,
      `./snapshots/${id}/manifest.json`,
    ])
    expect(Buffer.concat([...members.map(handMade), endBlocks]).equals(bytes)).toBe(true)
  })

  const part = `./snapshots/${id}/parts/service.db.zst`
  const cases: [string, (members: HandMade[]) => HandMade[]][] = [
    ['a name outside', (all) => put(all, 5, { name: './snapshots/../../etc/cron.d/x' })],
    ['an absolute name', (all) => put(all, 5, { name: '/etc/cron.d/x' })],
    ['a foreign name', (all) => put(all, 5, { name: './payload' })],
    ['a part the manifest does not know', (all) => put(all, 5, { name: `./snapshots/${id}/parts/service.x.zst` })],
    ['a mark of a writer', (all) => put(all, 5, { name: `./snapshots/${id}/writing.json` })],
    ['a part twice', (all) => put(all, 5, { ...all[5], name: part })],
    ['a part less', (all) => all.toSpliced(5, 1)],
    ['a link for a part', (all) => all.with(5, { name: part, type: '2', link: '/etc/shadow', mode: '0000600' })],
    ['a hard link for a part', (all) => all.with(5, { name: part, type: '1', link: './README', mode: '0000600' })],
    ['a device for a part', (all) => all.with(5, { name: part, type: '3', mode: '0000600' })],
    ['a directory', (all) => put(all, 2, { name: './stack/', type: '5', mode: '0000600' })],
    ['another mode', (all) => all.with(5, { ...(all[5] as HandMade), mode: '0004755' })],
    ['a size beyond the file', (all) => all.with(5, { ...(all[5] as HandMade), size: '77777777777' })],
    ['a negative size', (all) => all.with(5, { ...(all[5] as HandMade), size: '-0000000001' })],
    ['a size in an extended header', (all) => all.with(5, { ...(all[5] as HandMade), records: [['size', '1']] })],
    ['a path in an extended header', (all) => all.with(5, { ...(all[5] as HandMade), records: [['path', './x']] })],
    ['an attribute', (all) => all.with(5, { ...(all[5] as HandMade), records: [['SCHILY.xattr.user.x', 'y']] })],
    ['holes', (all) => all.with(5, { ...(all[5] as HandMade), records: [['GNU.sparse.realsize', '9']] })],
    ['the manifest before a part', (all) => all.toSpliced(5, 2, all[6] as HandMade, all[5] as HandMade)],
    ['two snapshots', (all) => put(all, 5, { name: `./snapshots/${id.replace('0', '1')}/parts/service.db.zst` })],
    ['no manifest', (all) => all.slice(0, 6)],
    ['no README', (all) => all.slice(1)],
    ['another definition', (all) => all.with(2, { ...(all[2] as HandMade), data: 'name: evil\n' })],
    [
      'another repository',
      (all) => all.with(3, { ...(all[3] as HandMade), data: '{"format":1,"repositoryId":"x"}\n' }),
    ],
    ['nothing', () => []],
  ]
  it.each(cases)('is refused with %s', async (_, change) => {
    const { bytes } = await smallExport()
    const changed = change(membersOf(bytes)).map((member) => handMade({ mode: '0000600', ...member }))
    const path = await fileOf(Buffer.concat([...changed, endBlocks]))
    expect(await problemIn(path)).toContain('no export file of angee, or not a whole one')
  })

  it('is refused when it is of a newer format, and says so', async () => {
    const { bytes } = await smallExport()
    const members = membersOf(bytes)
    const newer = String(members[1]?.data).replace('"format": 1', '"format": 2')
    const path = await fileOf(
      Buffer.concat([...members.with(1, { ...(members[1] as HandMade), data: newer }).map(handMade), endBlocks]),
    )
    await expect(openExport(path, testContext())).rejects.toMatchObject({
      code: 'FORMAT_TOO_NEW',
      hint: expect.stringContaining('newer @angee/cli'),
    })
  })

  it.each([
    ['is not there', () => join(temporary(), 'none.tar')],
    ['is a directory', () => temporary()],
    [
      'is a FIFO',
      () => {
        const path = join(temporary(), 'fifo')
        execFileSync('mkfifo', [path])
        return path
      },
    ],
  ])('is a wrong request when it %s', async (_, make) => {
    await expect(openExport(make(), testContext())).rejects.toMatchObject({ code: 'USAGE' })
  })
})

describe('a member larger than ustar can say', () => {
  const large = 9 * 2 ** 30 + 7
  const name = `snapshots/${id}/parts/service.${'long-'.repeat(20)}name.zst`

  it('is read by GNU tar, by bsdtar and by angee, with what follows it', () => {
    const path = join(temporary(), 'large.tar')
    const file = openSync(path, 'w+')
    const documents = ['README', 'export.json', 'stack/angee.yaml', 'repository.json']
    let position = 0
    const add = (member: string, size: number): void => {
      const header = memberHeader(member, size, 1_700_000_000_000_000_000n)
      writeSync(file, header, 0, header.length, position)
      position += header.length + Math.ceil(size / 512) * 512
    }
    for (const document of documents) add(document, 0)
    add(name, large)
    add(`snapshots/${id}/manifest.json`, 3)
    // The data are holes: zeros, as padding and the end are.
    ftruncateSync(file, position + 1024)
    const { members } = readMembers(file, position + 1024)
    closeSync(file)
    expect([...members].map(([member, { bytes }]) => [member, bytes]).slice(4)).toEqual([
      [name, large],
      [`snapshots/${id}/manifest.json`, 3],
    ])
    for (const tar of ['tar', 'bsdtar']) {
      const lines = execFileSync(tar, ['-tvf', path], { encoding: 'utf8' }).trimEnd().split('\n')
      expect(lines).toHaveLength(6)
      expect(lines[4]).toMatch(new RegExp(`\\b${large}\\b.*${name}$`))
      expect(lines[5]).toMatch(/\b3\b.*manifest\.json$/)
    }
  })
})

describe('an unpacked export file', () => {
  it.each(['tar', 'bsdtar'])('is a repository, unpacked by %s', async (tar) => {
    const { path, manifest } = await smallExport()
    const unpacked = temporary()
    execFileSync(tar, ['-xf', path, '-C', unpacked])
    const listed = execFileSync('find', ['.', '-type', 'f'], { cwd: unpacked, encoding: 'utf8' }).trim().split('\n')
    const objects = new Map(listed.map((name) => [name.slice(2), readFileSync(join(unpacked, name))]))
    const backend = archiveBackend('memory', memoryStore(objects))
    await backend.preflight(testContext())
    expect(await backend.stat(id, testContext())).toEqual(manifest)
    expect((await backend.check?.(id, 'full', testContext()))?.parts.every(({ ok }) => ok)).toBe(true)
  })

  it('is restored by the commands that stand in its README', async () => {
    const { path } = await smallExport()
    const work = temporary()
    mkdirSync(join(work, 'in'))
    const readme = execFileSync('tar', ['-xOf', path, './README'], { encoding: 'utf8' })
    const commands = [...readme.matchAll(/^ {4}(mkdir.*|zstd.*)$/gm)].map(([, command]) => command)
    expect(commands).toHaveLength(3)
    execFileSync('bash', ['-euo', 'pipefail', '-c', commands.join('\n').replaceAll('FILE', path)], {
      cwd: join(work, 'in'),
    })
    expect(readFileSync(join(work, 'in/unpacked/persist.data/file'), 'utf8')).toBe('content of a file')
    expect(readFileSync(join(work, 'in/unpacked/service.db.dump'), 'utf8')).toBe('rows')
    const digest = execFileSync('sh', ['-c', 'sha256sum < service.db.dump'], {
      cwd: join(work, 'in/unpacked'),
      encoding: 'utf8',
    })
    expect(readme).toContain(`service/db: sha256:${digest.split(' ')[0]}`)
  })
})

function put(members: HandMade[], at: number, member: Partial<HandMade> & { name: string }): HandMade[] {
  return members.toSpliced(at, 0, member)
}

/** The members of an export file, to be written again by other means than the code that is tested. */
function membersOf(bytes: Buffer): HandMade[] {
  const members: HandMade[] = []
  for (let at = 0; bytes[at] !== 0; ) {
    const size = Number.parseInt(bytes.toString('latin1', at + 124, at + 135), 8)
    members.push({
      name: bytes.toString('latin1', at, bytes.indexOf(0, at)),
      mode: '0000600',
      mtime: bytes.toString('latin1', at + 136, at + 147),
      data: bytes.subarray(at + 512, at + 512 + size),
    })
    at += 512 + Math.ceil(size / 512) * 512
  }
  return members
}
