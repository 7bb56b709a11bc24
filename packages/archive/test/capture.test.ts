import { Buffer } from 'node:buffer'
import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { BlockSink } from '../src/tree/block-sink.ts'
import { captureTree } from '../src/tree/capture.ts'
import { temporary } from './support/temporary.ts'
import { asRoot } from './support/whole-tree.ts'

/** Captures in this thread and calls `meanwhile` each time bytes have been taken, with the archive so far. */
function capture(directory: string, meanwhile: (archive: Buffer) => void, exclude: string[] = []) {
  const blockBytes = 4 << 20
  const blocks: Buffer[] = []
  let block = Buffer.alloc(blockBytes)
  let used = 0
  const flush = (): void => {
    if (used > 0) blocks.push(block.subarray(0, used))
    block = Buffer.alloc(blockBytes)
    used = 0
  }
  const sink: BlockSink = {
    room: () => {
      if (used === blockBytes) flush()
      return block.subarray(used)
    },
    filled: (bytes) => {
      used += bytes
      meanwhile(block.subarray(0, used))
    },
    flush,
    mark: () => used,
    rewind: (mark) => {
      used = mark
    },
    progress: () => undefined,
  }
  const result = captureTree(directory, exclude, sink)
  return { ...result, archive: Buffer.concat(blocks) }
}

/** What GNU tar makes of it: an archive that lies about a length would not get that far. */
function untar(archive: Buffer): string {
  const into = temporary('untarred')
  execFileSync('tar', ['-xpf', '-', '-C', into], { input: archive, stdio: ['pipe', 'ignore', 'pipe'] })
  return into
}

/** Calls `action` the first `times` times that the archive ends with `bytes`. */
function whenReading(bytes: Buffer, times: number, action: (turn: number) => void): (archive: Buffer) => void {
  let turn = 0
  return (archive) => {
    if (turn < times && archive.subarray(-bytes.length).equals(bytes)) action(++turn)
  }
}

describe('a file that changes while it is read', () => {
  it('is read again, and stored as it then was', () => {
    const tree = temporary('tree')
    writeFileSync(join(tree, 'file'), 'first version')
    const meanwhile = whenReading(Buffer.from('first version'), 1, () =>
      writeFileSync(join(tree, 'file'), 'the second one'),
    )
    const { warnings, archive } = capture(tree, meanwhile)
    expect(warnings).toEqual([])
    expect(readFileSync(join(untar(archive), 'file'), 'utf8')).toBe('the second one')
  })

  it('is noticed when neither its size nor its modification time tell', () => {
    const tree = temporary('tree')
    const path = join(tree, 'file')
    writeFileSync(path, 'same size')
    utimesSync(path, 1_000_000, 1_000_000)
    const { warnings, archive } = capture(
      tree,
      whenReading(Buffer.from('same size'), 1, () => {
        writeFileSync(path, 'size same')
        utimesSync(path, 1_000_000, 1_000_000)
      }),
    )
    expect(warnings).toEqual([])
    expect(readFileSync(join(untar(archive), 'file'), 'utf8')).toBe('size same')
  })

  it('is named in a warning when it never rests', () => {
    const tree = temporary('tree')
    const path = join(tree, 'file')
    writeFileSync(path, 'state 0')
    writeFileSync(join(tree, 'quiet'), 'quiet')
    let turn = 0
    const { warnings, archive } = capture(tree, (soFar) => {
      if (soFar.subarray(-7).toString('latin1').startsWith('state ')) writeFileSync(path, `state ${++turn}`)
    })
    expect(warnings).toEqual([
      {
        kind: 'changed-while-read',
        path: 'file',
        message: expect.stringContaining('changed while it was read, 3 times'),
      },
    ])
    expect(readFileSync(join(untar(archive), 'quiet'), 'utf8')).toBe('quiet')
  })

  it.each([
    ['shrinks', (path: string) => truncateSync(path, 4_500_000), 4_500_000],
    ['grows', (path: string) => appendFileSync(path, 'more'), 9_000_000],
  ])('keeps its announced length when it is large and %s', (_, change, keptBytes) => {
    const tree = temporary('tree')
    const path = join(tree, 'large')
    writeFileSync(path, Buffer.alloc(9_000_000, 'x'))
    writeFileSync(join(tree, 'next'), 'next')
    let changed = false
    const { warnings, archive } = capture(tree, (soFar) => {
      if (changed || soFar.length < 1 << 20) return
      changed = true
      change(path)
    })
    expect(warnings).toMatchObject([{ kind: 'changed-while-read', path: 'large' }])
    const untarred = untar(archive)
    const content = readFileSync(join(untarred, 'large'))
    expect(content.length).toBe(9_000_000)
    expect(content.subarray(0, keptBytes).every((byte) => byte === 0x78)).toBe(true)
    expect(content.subarray(keptBytes).every((byte) => byte === 0)).toBe(true)
    expect(readFileSync(join(untarred, 'next'), 'utf8')).toBe('next')
  })
})

describe('what goes away meanwhile', () => {
  const vanishing = (make: (path: string) => void, change: (path: string) => void) => {
    const tree = temporary('tree')
    writeFileSync(join(tree, 'a'), 'the first')
    make(join(tree, 'b'))
    writeFileSync(join(tree, 'c'), 'the last')
    const { warnings, archive, summary } = capture(
      tree,
      whenReading(Buffer.from('the first'), 1, () => change(join(tree, 'b'))),
    )
    expect(warnings).toMatchObject([{ kind: 'vanished', path: 'b' }])
    expect(summary.entries).toMatchObject({ file: 2, directory: 1 })
    expect(readFileSync(join(untar(archive), 'c'), 'utf8')).toBe('the last')
  }
  it('a file', () => vanishing((path) => writeFileSync(path, 'x'), rmSync))
  it('a directory', () =>
    vanishing(
      (path) => mkdirSync(path),
      (path) => rmSync(path, { recursive: true }),
    ))
  it('a link', () => vanishing((path) => symlinkSync('x', path), rmSync))
  it('a file that a link has replaced', () =>
    vanishing(
      (path) => writeFileSync(path, 'x'),
      (path) => {
        rmSync(path)
        symlinkSync('/etc/hostname', path)
      },
    ))
  it('a directory that a link has replaced', () =>
    vanishing(
      (path) => mkdirSync(path),
      (path) => {
        renameSync(path, `${path} moved away`)
        symlinkSync('/etc', path)
      },
    ))
})

it('reads nothing outside when a directory above is swapped for a link while it is inside', () => {
  const tree = temporary('tree')
  const outside = temporary('outside')
  mkdirSync(join(tree, 'up/down'), { recursive: true })
  writeFileSync(join(tree, 'up/down/a'), 'the first')
  writeFileSync(join(tree, 'up/down/secret'), 'public')
  mkdirSync(join(outside, 'down'))
  writeFileSync(join(outside, 'down/secret'), 'SECRET')
  const { archive } = capture(
    tree,
    whenReading(Buffer.from('the first'), 1, () => {
      renameSync(join(tree, 'up'), join(tree, 'was up'))
      symlinkSync(outside, join(tree, 'up'))
    }),
  )
  expect(archive.includes('public')).toBe(true)
  expect(archive.includes('SECRET')).toBe(false)
})

it('fails and names what it may not read', () => {
  const tree = temporary('tree')
  chmodSync(join(tree, '..'), 0o755)
  for (const name of ['file', 'directory']) {
    if (name === 'file') writeFileSync(join(tree, name), 'x')
    else mkdirSync(join(tree, name))
    chmodSync(join(tree, name), 0o000)
    if (asRoot) process.seteuid?.(65_534)
    try {
      expect(() => capture(tree, () => undefined)).toThrowError(
        expect.objectContaining({
          code: 'TREE_UNREADABLE',
          message: expect.stringContaining(`${name} cannot be read`),
        }),
      )
    } finally {
      if (asRoot) process.seteuid?.(0)
      rmSync(join(tree, name), { recursive: true })
    }
  }
})
