import { Buffer } from 'node:buffer'
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { treeTools } from '../src/index.ts'
import { testContext } from './support/context.ts'
import { endBlocks, type HandMade, handMade, handMadeTar, record, rootMember, sparseMember } from './support/tar.ts'
import { temporary } from './support/temporary.ts'

/** Extracts beside a victim that no archive may reach. */
async function extract(archive: Buffer) {
  const base = temporary()
  const [into, victim] = [join(base, 'into'), join(base, 'victim')]
  mkdirSync(into)
  mkdirSync(victim)
  writeFileSync(join(victim, 'file'), 'untouched')
  const outcome = await treeTools.extract(Readable.from([archive]), into, testContext()).then(
    (summary) => ({ summary, code: 'none', message: '' }),
    (error: { code: string; message: string }) => ({ summary: undefined, code: error.code, message: error.message }),
  )
  expect(readdirSync(base).sort()).toEqual(['into', 'victim'])
  expect(readdirSync(victim)).toEqual(['file'])
  expect(readFileSync(join(victim, 'file'), 'utf8')).toBe('untouched')
  return { ...outcome, into }
}

const directory = (name: string): HandMade => ({ name, type: '5', mode: '0000755' })
const file = (name: string, data = 'evil'): HandMade => ({ name, data })
const symlink = (name: string, link: string): HandMade => ({ name, type: '2', link })
const hardlink = (name: string, link: string): HandMade => ({ name, type: '1', link })

it('extracts what is made by hand and harmless', async () => {
  const archive = handMadeTar(
    directory('./a/'),
    file('./a/b', 'content'),
    hardlink('./a/c', './a/b'),
    symlink('./l', '/anywhere'),
    sparseMember('./s', 100_000, [2, 512, 3, 100_000, 0], 'abc'),
  )
  const { summary, into } = await extract(archive)
  expect(summary?.entries).toEqual({ file: 2, directory: 2, symlink: 1, hardlink: 1, fifo: 0, device: 0 })
  expect(readFileSync(join(into, 'a/c'), 'utf8')).toBe('content')
  expect(readlinkSync(join(into, 'l'))).toBe('/anywhere')
  expect(readFileSync(join(into, 's')).subarray(511, 516).toString('latin1')).toBe('\0abc\0')
})

describe('names that lead outside are refused', () => {
  const names = [
    '../victim/file',
    './../victim/file',
    './a/../../victim/file',
    '/etc/file',
    './/etc/file',
    'plain',
    './a//b',
    './a/./b',
    './',
    '.',
    '',
    './a/',
    './..',
    './.',
  ]
  it.each(names)('%j', async (name) => {
    const archive = handMadeTar(directory('./a/'), { name: './x', data: 'evil', records: [['path', name]] })
    expect((await extract(archive)).code).toBe('ARCHIVE_HOSTILE')
  })
  it('a NUL inside a name', async () => {
    const archive = handMadeTar({ name: './x', data: 'evil', records: [['path', './fine\0/../../victim/file']] })
    expect((await extract(archive)).code).toBe('ARCHIVE_HOSTILE')
  })
  it('a directory whose name another one begins with', async () => {
    expect((await extract(handMadeTar(directory('./a/'), file('./ab/file')))).code).toBe('ARCHIVE_HOSTILE')
  })
})

describe('nothing is written through a link', () => {
  it('a member below a symbolic link', async () => {
    const { code, into } = await extract(handMadeTar(symlink('./l', '../victim'), file('./l/file')))
    expect(code).toBe('ARCHIVE_HOSTILE')
    expect(existsSync(join(into, 'l/new'))).toBe(false)
  })
  it('a symbolic link, then a directory and a file of its name', async () => {
    const archive = handMadeTar(symlink('./l', '../victim'), directory('./l/'), file('./l/file'))
    expect((await extract(archive)).code).toBe('ARCHIVE_HOSTILE')
  })
  it('a symbolic link, then a file of its name', async () => {
    expect((await extract(handMadeTar(symlink('./l', '../victim/file'), file('./l')))).code).toBe('ARCHIVE_HOSTILE')
  })
  it('a hard link whose target lies behind a symbolic link', async () => {
    const archive = handMadeTar(symlink('./l', '../victim'), hardlink('./z', './l/file'))
    expect((await extract(archive)).code).toBe('ARCHIVE_HOSTILE')
  })
  it('a hard link through a chain of symbolic links', async () => {
    const archive = handMadeTar(
      directory('./a/'),
      symlink('./a/up', '..'),
      symlink('./b', 'a/up/../victim'),
      hardlink('./z', './b/file'),
    )
    expect((await extract(archive)).code).toBe('ARCHIVE_HOSTILE')
  })
  it.each(['../victim/file', './../victim/file', '/etc/hostname', './missing', './', './a', './a/', './z', ''])(
    'a hard link to %j',
    async (target) => {
      const archive = handMadeTar(directory('./a/'), { ...hardlink('./z', ''), records: [['linkpath', target]] })
      expect((await extract(archive)).code).toBe('ARCHIVE_HOSTILE')
    },
  )
  it('a hard link to a symbolic link, then data for it', async () => {
    const archive = handMadeTar(symlink('./l', '../victim/file'), { ...hardlink('./z', './l'), data: 'evil' })
    expect((await extract(archive)).code).toBe('ARCHIVE_HOSTILE')
  })
})

describe('the order is the canonical one', () => {
  it.each([
    ['a name twice', [file('./a'), file('./a')]],
    ['a file, then a directory of its name', [file('./a'), directory('./a/')]],
    ['a directory, then a file of its name', [directory('./a/'), file('./a')]],
    ['a directory that is returned to', [directory('./a/'), directory('./b/'), file('./a/late')]],
    ['descending names', [file('./b'), file('./a')]],
    ['a member before its directory', [file('./a/b')]],
    ['a member below a file', [file('./a'), file('./a/b')]],
  ])('%s is refused', async (_, members) => {
    expect((await extract(handMadeTar(...members))).code).toBe('ARCHIVE_HOSTILE')
  })
  it('an archive that does not begin with its directory is refused', async () => {
    expect((await extract(Buffer.concat([handMade(file('./a')), endBlocks]))).code).toBe('ARCHIVE_HOSTILE')
  })
  it('names that some file systems take for one stay two', async () => {
    const members = ['./A', './a', './cafe\xcc\x81', './caf\xc3\xa9'].map((name) => file(name, name))
    const { summary, into } = await extract(handMadeTar(...members))
    expect(summary?.entries.file).toBe(4)
    expect(readdirSync(into)).toHaveLength(4)
  })
})

describe('numbers that lie are refused', () => {
  it.each([
    ['a negative size', { size: '-0000000001' }],
    ['a size in base 256', { size: '\x80\0\0\0\0\0\0\0\0\0\x01\0' }],
    ['a negative size in a record', { records: [['size', '-1']] }],
    ['a size with an exponent', { records: [['size', '1e3']] }],
    ['a size beyond all integers', { records: [['size', '9'.repeat(30)]] }],
    ['a negative owner', { records: [['uid', '-1']] }],
    ['a time that is none', { records: [['mtime', 'now']] }],
    ['type bits in the mode', { mode: '0100644' }],
    [
      'a record twice',
      {
        records: [
          ['path', './a'],
          ['path', './b'],
        ],
      },
    ],
    ['a directory with data', { type: '5', data: 'x' }],
    ['a link with data', { type: '2', link: 'x', data: 'x' }],
    ['an unknown type', { type: '7' }],
    ['a name continued in the GNU way', { type: 'L', data: '../victim/file\0' }],
    ['records for all that follows', { type: 'g', data: record('path', '../victim/file') }],
    ['a record longer than its header', { rawRecords: '99 path=./a\n' }],
    ['a record without an end', { rawRecords: '10 path=./aa' }],
    ['a record without a length', { rawRecords: 'path=./a\n' }],
    ['a record of negative length', { rawRecords: '-9 path=./a\n' }],
    ['no ustar header', { magic: 'nothing!' }],
    ['a wrong checksum', { checksum: '0000000\0' }],
  ] as [string, Partial<HandMade>][])('%s', async (_, lie) => {
    const { code } = await extract(handMadeTar({ name: './a', ...lie }))
    expect(code).toMatch(/^ARCHIVE_(HOSTILE|CORRUPT)$/)
  })
  it('a record size that makes readers disagree where the next member begins', async () => {
    const inner = handMade(file('./evil'))
    const archive = handMadeTar({
      name: './a',
      data: inner,
      size: '00000000000',
      records: [['size', String(inner.length)]],
    })
    const { summary, into } = await extract(archive)
    expect(summary?.entries.file).toBe(1)
    expect(readdirSync(into)).toEqual(['a'])
  })
})

describe('maps of holes that lie are refused', () => {
  it.each([
    ['segments that overlap', [2, 0, 3, 2, 3], 'abcdef', 100],
    ['segments that descend', [2, 50, 3, 0, 3], 'abcdef', 100],
    ['a segment beyond the end', [1, 98, 3], 'abc', 100],
    ['more segments than there are', [9, 0, 3], 'abc', 100],
    ['less data than segments', [1, 0, 3], '', 100],
    ['more data than segments', [1, 0, 3], 'abcdef', 100],
    ['a negative number', [1, -5, 3], 'abc', 100],
    ['a segment of endless length', [1, 0, 9_007_199_254_740_990], 'abc', 9_007_199_254_740_991],
    ['a negative size', [1, 0, 3], 'abc', '-100'],
  ] as [string, number[], string, number | string][])('%s', async (_, map, data, size) => {
    expect((await extract(handMadeTar(sparseMember('./s', size, map, data)))).code).toBe('ARCHIVE_HOSTILE')
  })
  it('a map that never ends a line', async () => {
    const member = { ...sparseMember('./s', 100, [1], ''), data: '1'.repeat(2048) }
    expect((await extract(handMadeTar(member))).code).toBe('ARCHIVE_HOSTILE')
  })
})

describe('an archive that is cut or goes on is refused', () => {
  const whole = handMadeTar(directory('./a/'), file('./a/b', 'x'.repeat(700)), {
    name: './c',
    records: [['mtime', '1.5']],
  })
  it.each(Array.from({ length: whole.length / 512 }, (_, blocks) => blocks * 512))(
    'cut after %i bytes',
    async (bytes) => {
      expect((await extract(whole.subarray(0, bytes))).code).toBe('ARCHIVE_CORRUPT')
    },
  )
  it.each([1, 511, 513, 700, 1200])('cut after %i bytes', async (bytes) => {
    expect((await extract(whole.subarray(0, bytes))).code).toBe('ARCHIVE_CORRUPT')
  })
  it('one zero block only', async () => {
    const members = Buffer.concat([handMade(rootMember), Buffer.alloc(512), handMade(file('./a')), endBlocks])
    expect((await extract(members)).code).toBe('ARCHIVE_CORRUPT')
  })
  it('anything behind the end', async () => {
    expect((await extract(Buffer.concat([whole, Buffer.alloc(512)]))).code).toBe('ARCHIVE_CORRUPT')
    expect((await extract(Buffer.concat([whole, handMade(file('./evil')), endBlocks]))).code).toBe('ARCHIVE_CORRUPT')
  })
  it('records that announce nothing', async () => {
    const records = handMade({ name: 'pax', type: 'x', data: record('path', './a') })
    expect((await extract(Buffer.concat([handMade(rootMember), records, endBlocks]))).code).toBe('ARCHIVE_CORRUPT')
  })
})
