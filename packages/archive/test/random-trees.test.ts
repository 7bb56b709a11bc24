import { Buffer } from 'node:buffer'
import { execFileSync } from 'node:child_process'
import { chmodSync, lutimesSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { setTimes } from '@angee/core/posix'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { treeTools } from '../src/index.ts'
import { testContext } from './support/context.ts'
import { describeTree } from './support/describe-tree.ts'
import { roundTrip } from './support/snapshots.ts'
import { temporary } from './support/temporary.ts'

type Random =
  | { kind: 'file'; bytes: Uint8Array; repeat: number; mode: number; time: bigint }
  | { kind: 'link'; target: Uint8Array; time: bigint }
  | { kind: 'directory'; entries: [Uint8Array, Random][]; mode: number; time: bigint }

const nameByte = fc.integer({ min: 1, max: 255 }).filter((byte) => byte !== 0x2f)
const bytesOf = (length: number) => fc.uint8Array({ minLength: 1, maxLength: length })
const name = fc
  .array(nameByte, { minLength: 1, maxLength: 120 })
  .map((bytes) => Uint8Array.from(bytes))
  .filter((bytes) => !['.', '..'].includes(Buffer.from(bytes).toString('latin1')))
const time = fc.bigInt({ min: -(2n ** 60n), max: 2n ** 62n })
const { tree } = fc.letrec<{ tree: Random; directory: Random }>((again) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({
      kind: fc.constant('file' as const),
      bytes: fc.uint8Array({ maxLength: 600 }),
      repeat: fc.constantFrom(0, 1, 3, 300),
      mode: fc.integer({ min: 0, max: 0o7777 }),
      time,
    }),
    fc.record({ kind: fc.constant('link' as const), target: bytesOf(200).filter((bytes) => !bytes.includes(0)), time }),
    again('directory'),
  ),
  directory: fc.record({
    kind: fc.constant('directory' as const),
    entries: fc.array(fc.tuple(name, again('tree')), { maxLength: 7 }),
    mode: fc.integer({ min: 0, max: 0o7777 }).map((mode) => mode | 0o700),
    time,
  }),
}))

function make(path: Buffer, random: Random): void {
  if (random.kind === 'link') symlinkSync(Buffer.from(random.target), path)
  else if (random.kind === 'file') {
    writeFileSync(path, Buffer.concat(Array.from({ length: random.repeat }, () => Buffer.from(random.bytes))))
    chmodSync(path, random.mode)
  } else {
    mkdirSync(path)
    const seen = new Set<string>()
    for (const [entryName, entry] of random.entries) {
      const key = Buffer.from(entryName).toString('latin1')
      if (seen.has(key)) continue
      seen.add(key)
      make(Buffer.concat([path, Buffer.from('/'), Buffer.from(entryName)]), entry)
    }
    chmodSync(path, random.mode)
  }
  setTimes(path, 0n, random.time)
}

it('random trees come back identical, and GNU tar reads what was written', async () => {
  await fc.assert(
    fc.asyncProperty(tree, async (random) => {
      const [source, target, peer] = [temporary('source'), temporary('target'), temporary('peer')]
      make(Buffer.from(`${source}/tree`), random)
      lutimesSync(source, 1, 1)
      const expected = describeTree(source)
      await roundTrip(source, target)
      expect(describeTree(target)).toEqual(expected)

      const { stream, result } = treeTools.source(source, []).toTar(testContext())
      const archive = Buffer.concat(await stream.toArray())
      await result
      execFileSync('tar', ['-xpf', '-', '-C', peer], { input: archive, stdio: ['pipe', 'ignore', 'ignore'] })
      expect(describeTree(peer)).toEqual(expected)
    }),
    { numRuns: 12 },
  )
})
