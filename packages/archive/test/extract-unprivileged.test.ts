import type { Buffer } from 'node:buffer'
import { chownSync, existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { extractTree, type PieceSource } from '../src/tree/extract.ts'
import { type HandMade, handMadeTar } from './support/tar.ts'
import { temporary } from './support/temporary.ts'
import { asRoot } from './support/whole-tree.ts'

function piecesOf(archive: Buffer): PieceSource {
  let rest = archive
  const take = (bytes: number): Buffer => {
    const taken = rest.subarray(0, bytes)
    rest = rest.subarray(bytes)
    return taken
  }
  return { some: take, take, end: () => expect(rest.length).toBe(0), progress: () => undefined }
}

it('without root, owners and devices are named as not kept and everything else is there', () => {
  const into = temporary('into')
  chownSync(join(into, '..'), ...nobody())
  chownSync(into, ...nobody())
  const members: HandMade[] = [
    { name: './device', type: '3' },
    {
      name: './file',
      data: 'content',
      mode: '0000400',
      records: [
        ['uid', '1234'],
        ['SCHILY.xattr.user.kept', 'yes'],
      ],
    },
    { name: './fifo', type: '6' },
  ]
  if (asRoot) process.seteuid?.(nobody()[0])
  try {
    const { warnings } = extractTree(
      piecesOf(handMadeTar(...members.toSorted((a, b) => (a.name < b.name ? -1 : 1)))),
      into,
      1_000_000,
    )
    expect(warnings).toMatchObject([
      { kind: 'not-kept', path: 'device' },
      { kind: 'not-kept', message: expect.stringMatching(/^4 entries belong to others/) },
    ])
  } finally {
    if (asRoot) process.seteuid?.(0)
  }
  expect(readFileSync(join(into, 'file'), 'utf8')).toBe('content')
  expect(statSync(join(into, 'file')).mode & 0o7777).toBe(0o400)
  expect(statSync(join(into, 'fifo')).isFIFO()).toBe(true)
  expect(existsSync(join(into, 'device'))).toBe(false)
})

/** Somebody who is not root: this process itself, or the user 65534 where it is root. */
function nobody(): [uid: number, gid: number] {
  return asRoot ? [65_534, 65_534] : [process.geteuid?.() ?? 0, process.getegid?.() ?? 0]
}
