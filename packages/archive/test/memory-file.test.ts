import { Buffer } from 'node:buffer'
import {
  type BigIntStats,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isAsRemembered, openKnown } from '../src/tree/memory/compare.ts'
import { openMemory } from '../src/tree/memory/read.ts'
import { isSettled } from '../src/tree/memory/state.ts'
import { memoryWriter } from '../src/tree/memory/write.ts'
import { contextAhead, remember, reseal, sourceAfter } from './support/remembered.ts'
import { temporary, temporaryIn } from './support/temporary.ts'
import { trustedPlaceSuite } from './support/trusted-place.ts'

trustedPlaceSuite('the file of what is remembered', (place) => {
  const smallTree = async () => {
    const tree = temporaryIn(place, 'tree')
    writeFileSync(join(tree, 'file'), 'content')
    symlinkSync('file', join(tree, 'link'))
    return { tree, remembered: await remember(place, tree) }
  }

  it('is for this user alone', async () => {
    const { remembered } = await smallTree()
    expect(statSync(remembered.file).mode & 0o777).toBe(0o600)
  })

  it('counts as none with any bit flipped, and cut or lengthened anywhere', async () => {
    const { tree, remembered } = await smallTree()
    const { file, summary } = remembered
    const whole = readFileSync(file)
    const isUsed = (bytes: Buffer): boolean => {
      writeFileSync(file, bytes)
      using known = openKnown(file, tree, [])
      return known !== undefined || isAsRemembered(file, tree, [], summary.digest)
    }
    expect(isUsed(whole)).toBe(true)
    for (let at = 0; at < whole.length; at++) {
      const flipped = Buffer.from(whole)
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8))
      expect(isUsed(flipped), `bit ${at % 8} of byte ${at} flipped`).toBe(false)
      expect(isUsed(whole.subarray(0, at)), `cut after ${at} bytes`).toBe(false)
      expect(isUsed(whole.subarray(at + 1)), `without the first ${at + 1} bytes`).toBe(false)
    }
    for (const more of ['\0', 'x', '\0'.repeat(64)])
      expect(isUsed(Buffer.concat([whole, Buffer.from(more)])), 'lengthened').toBe(false)
    expect(isUsed(whole)).toBe(true)
  })

  it.each([
    ['of another version', 'memory 1\n', 'memory 2\n'],
    [
      'from before a restart of the machine',
      readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim(),
      '0'.repeat(36),
    ],
  ])('counts as none when it is %s', async (_, from, to) => {
    const { tree, remembered } = await smallTree()
    const source = sourceAfter(remembered, tree)
    expect(await source.unchanged(contextAhead())).toBe(true)
    reseal(remembered.file, Buffer.from(from), Buffer.from(to))
    expect(await source.unchanged(contextAhead())).toBe(false)
    expect(openMemory(remembered.file, tree, [])).toBeUndefined()
  })

  it('counts as none when it is a directory, a link, or gone', async () => {
    const { tree, remembered } = await smallTree()
    const at = (name: string) => join(temporaryIn(place, 'x'), name)
    const [directory, link] = [at('directory'), at('link')]
    mkdirSync(directory)
    symlinkSync(remembered.file, link)
    for (const file of [directory, link, at('nothing')]) expect(openMemory(file, tree, [])).toBeUndefined()
  })

  it('is read whole, whatever its entries are called, across all its blocks', async () => {
    const tree = temporaryIn(place, 'tree')
    const names = Array.from({ length: 9000 }, (_, index) => `${index}-${'n'.repeat(index % 240)}`)
    for (const name of names) writeFileSync(join(tree, name), name)
    writeFileSync(Buffer.from(`${tree}/\xff\n`, 'latin1'), 'no text')
    const remembered = await remember(place, tree)
    using memory = openMemory(remembered.file, tree, [])
    const paths = [...(memory?.entries() ?? [])].map(({ path }) => path)
    expect(paths).toEqual(['', ...names, '\xff\n'].sort())
    expect(await sourceAfter(remembered, tree).unchanged(contextAhead())).toBe(true)
  })
})

describe('what cannot be written', () => {
  it('is not remembered, and fails nothing', () => {
    const directory = temporary('memory')
    const stat = lstatSync(directory, { bigint: true })
    for (const into of [join(directory, 'not/there'), directory, '/dev/full']) {
      const writer = memoryWriter({ into, since: 0 }, '/tree', [])
      writer.add('', stat, '')
      writer.keep(`sha256:${'0'.repeat(64)}`)
      writer.drop()
      expect(openMemory(into, '/tree', [])).toBeUndefined()
    }
  })

  it('leaves nothing on the disk', () => {
    const into = join(temporary('memory'), 'file')
    const writer = memoryWriter({ into, since: 0 }, '/tree', [])
    expect(existsSync(into)).toBe(true)
    writer.add('n'.repeat(2 << 20), lstatSync('/', { bigint: true }), '')
    expect(existsSync(into)).toBe(false)
    writer.keep(`sha256:${'0'.repeat(64)}`)
    expect(existsSync(into)).toBe(false)
  })
})

describe('times are settled', () => {
  const second = 1_000_000_000n
  const since = 1_800_000_000n * second
  const isOld = (ctimeNs: bigint, mtimeNs = 0n, size = 0n): boolean =>
    isSettled({ ctimeNs, mtimeNs, size } as BigIntStats, Number(since))

  it('more than two seconds before', () => {
    expect(isOld(since - 3n * second)).toBe(true)
    for (const ago of [second * 2n, second, 0n, -second, -(10n ** 18n)]) expect(isOld(since - ago)).toBe(false)
    expect(isOld(since - 3n * second, since - second)).toBe(false)
    expect(isOld(since - 3n * second, since + 10n ** 19n)).toBe(false)
  })

  it('later for files that take long to write, and not ever later', () => {
    const mebibyte = 1n << 20n
    expect(isOld(since - 3n * second, 0n, 160n * mebibyte)).toBe(false)
    expect(isOld(since - 13n * second, 0n, 160n * mebibyte)).toBe(true)
    expect(isOld(since - 131n * second, 0n, 1n << 50n)).toBe(true)
  })
})
