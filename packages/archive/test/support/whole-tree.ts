import { Buffer } from 'node:buffer'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  ftruncateSync,
  lchownSync,
  linkSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { makeDevice, makeFifo, setTimes } from '@angee/core/posix'

export const asRoot = process.getuid?.() === 0
const second = 1_000_000_000n

/**
 * Fills `directory` with one of everything a file system of a stack may hold and an archive may lose. What needs root
 * (foreign owners, device nodes) is there only for root.
 */
export function makeWholeTree(directory: string): void {
  const at = (name: string): string => `${directory}/${name}`
  mkdirSync(at('empty directory'))
  mkdirSync(at('read-only'))
  writeFileSync(at('read-only/inside'), 'inside')
  writeFileSync(at('empty'), '')
  writeFileSync(at('hello'), 'hello')
  for (const size of [511, 512, 513, 65_536, 65_537, 1 << 20, (4 << 20) - 1536, 4 << 20, (9 << 20) + 7])
    writeFileSync(at(`size ${size}`), Buffer.alloc(size, `${size} `))
  writeFileSync(at('zeros'), Buffer.alloc(300_000))
  linkSync(at('hello'), at('zz second name'))
  linkSync(at('hello'), at('read-only/third name'))
  symlinkSync('hello', at('link'))
  symlinkSync('/nowhere/at all', at('absolute link'))
  symlinkSync('../../../etc/passwd', at('link out'))
  symlinkSync('x'.repeat(300), at('long link'))
  symlinkSync(Buffer.from([0x66, 0xff, 0x67]), at('link to bytes'))
  makeFifo(at('fifo'), 0o640)
  names(directory)
  sparse(at('sparse'))
  writeFileSync(at('setuid'), 'x')
  writeFileSync(at('closed'), 'nobody reads me')
  writeFileSync(at('before 1970'), '')
  writeFileSync(at('after 2038'), '')
  writeFileSync(at('after 2242'), '')
  if (asRoot) owners(directory)
  chmodSync(at('setuid'), 0o6755)
  chmodSync(at('closed'), 0o000)
  chmodSync(at('empty directory'), 0o1777)
  chmodSync(at('read-only'), 0o555)
  setTimes(at('before 1970'), 0n, -1_000_000n * second - 123_456_789n)
  setTimes(at('after 2038'), 0n, 4_000_000_000n * second + 987_654_321n)
  setTimes(at('after 2242'), 0n, 9_000_000_000n * second + 1n)
  setTimes(at('link'), 0n, 1_234_567_890n * second + 1n)
  setTimes(at('fifo'), 0n, -1n)
  setTimes(at('read-only'), 0n, 1_000_000_000n * second)
  setTimes(directory, 0n, 1_111_111_111n * second + 111n)
}

function names(directory: string): void {
  const bytes = (...parts: (string | number[])[]): Buffer =>
    Buffer.concat([Buffer.from(`${directory}/`), ...parts.map((part) => Buffer.from(part as string))])
  writeFileSync(bytes('n'.repeat(255)), 'longest name')
  mkdirSync(bytes('d'.repeat(255)))
  writeFileSync(bytes(`${'d'.repeat(255)}/${'f'.repeat(255)}`), 'longest names')
  writeFileSync(bytes([0x62, 0xff, 0xfe, 0x0a, 0x62]), 'no text')
  mkdirSync(bytes([0xe9]))
  writeFileSync(bytes([0xe9], '/', [0x80]), 'no text below no text')
  writeFileSync(bytes('caf\u00e9'), 'composed')
  writeFileSync(bytes('cafe\u0301'), 'decomposed')
  writeFileSync(bytes('-rf'), 'an option?')
  writeFileSync(bytes(' *?"\'$(x)\\\t'), 'for shells')
  writeFileSync(bytes('GNUSparseFile.0'), 'a name the format uses')
  // Sorted by whole paths `a.b` would come between `a` and `a/b`; the format sorts within a directory.
  mkdirSync(bytes('a'))
  writeFileSync(bytes('a/b'), '')
  writeFileSync(bytes('a.b'), '')
}

/** Ten GiB, of which three stretches are data. */
function sparse(path: string): void {
  const file = openSync(path, 'w')
  const size = 10 * 2 ** 30
  ftruncateSync(file, size)
  for (const position of [0, 5 * 2 ** 30 + 4096, size - 5]) writeSync(file, 'datum', position)
  closeSync(file)
  const hole = openSync(`${path} hole`, 'w')
  ftruncateSync(hole, 100_000_000)
  closeSync(hole)
}

function owners(directory: string): void {
  lchownSync(`${directory}/link`, 1234, 5678)
  lchownSync(`${directory}/setuid`, 2 ** 21 + 5, 2 ** 31 + 6)
  lchownSync(`${directory}/closed`, 2 ** 32 - 2, 70_000)
  lchownSync(`${directory}/read-only`, 33, 33)
  lchownSync(directory, 1000, 1000)
  makeDevice(`${directory}/null`, 0o020666, 0x103n)
  makeDevice(`${directory}/disk`, 0o060600, 0x11100770n)
}

/** A thousand directories deep, each with the longest name there is: a path of 256,000 bytes. */
export function makeDeepTree(directory: string): void {
  const back = process.cwd()
  process.chdir(directory)
  try {
    for (let depth = 0; depth < 1000; depth++) {
      mkdirSync('d'.repeat(255))
      process.chdir('d'.repeat(255))
    }
    writeFileSync('at the bottom', 'deep')
    symlinkSync('nowhere', 'link')
    linkSync('at the bottom', 'second name')
    makeFifo('fifo', 0o600)
    execFileSync('setfattr', ['-n', 'user.deep', '-v', 'yes', 'at the bottom'])
  } finally {
    process.chdir(back)
  }
}
