import { Readable } from 'node:stream'
import { buildTree, testContext } from '@angee/testkit'
import { extract } from 'tar-stream'
import { expect, it } from 'vitest'
import { treeTools } from '../src/index.ts'
import { temporary } from './support/temporary.ts'

it('writes archives that tar-stream reads: names, types, sizes, contents and links', async () => {
  const directory = temporary()
  const long = `${'a'.repeat(120)}/${'b'.repeat(150)}`
  await buildTree(directory, {
    file: 'content',
    [long]: 'deep',
    ünïcode: 'x',
    link: { type: 'symlink', target: `./${long}` },
    twin: { type: 'hardlink', of: 'file' },
    empty: { type: 'directory' },
  })
  const { stream } = treeTools.source(directory, []).toTar(testContext())
  const found: Record<string, string> = {}
  const reader = extract()
  Readable.from(stream).pipe(reader)
  for await (const entry of reader) {
    const pieces: Buffer[] = []
    for await (const piece of entry) pieces.push(piece as Buffer)
    const { name, type, linkname } = entry.header
    found[name] = `${type} ${linkname ?? ''} ${Buffer.concat(pieces).toString()}`
  }
  expect(found).toEqual({
    './': 'directory  ',
    [`./${'a'.repeat(120)}/`]: 'directory  ',
    [`./${long}`]: 'file  deep',
    './empty/': 'directory  ',
    './file': 'file  content',
    './link': `symlink ./${long} `,
    './twin': 'link ./file ',
    './ünïcode': 'file  x',
  })
})
