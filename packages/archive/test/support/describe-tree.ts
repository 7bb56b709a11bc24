import { Buffer } from 'node:buffer'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { type BigIntStats, closeSync, lstatSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs'

/*
 * The judge: says of a tree what a person would check, by other means than the code that is judged. Deep paths are
 * reached by changing into each directory, attributes are read by getfattr.
 */

/** Files up to this size are read whole; of larger ones, which tests make of holes, three places are read. */
const readWhole = 64 << 20

/** One line an entry, the directory itself first, in the order of the bytes of their names. */
export function describeTree(directory: string): string[] {
  const firstNames = new Map<string, string>()
  const back = process.cwd()
  process.chdir(directory)
  try {
    const lines = [`. ${described(Buffer.from('.'), lstatSync('.', { bigint: true }))}`]
    describeInto(Buffer.alloc(0), '', 0)
    return lines

    function describeInto(base: Buffer, prefix: string, depth: number): void {
      for (const name of readdirSync(base.length === 0 ? '.' : base, { encoding: 'buffer' }).sort(Buffer.compare)) {
        const path = Buffer.concat([base, name])
        // Far down the depth says enough: a thousand lines of a thousand names each are no help.
        const shown = (depth > 5 ? `${depth} deep/` : prefix) + readable(name)
        const stat = lstatSync(path, { bigint: true })
        const inode = `${stat.dev}:${stat.ino}`
        const first = stat.isDirectory() ? undefined : firstNames.get(inode)
        firstNames.set(inode, shown)
        lines.push(first === undefined ? `${shown} ${described(path, stat)}` : `${shown} is ${first}`)
        if (stat.isDirectory()) descend(path, `${shown}/`, depth + 1)
      }
    }

    /** Only text can be changed into; below a name that is none, paths grow instead. */
    function descend(path: Buffer, prefix: string, depth: number): void {
      const text = path.toString()
      if (!Buffer.from(text).equals(path) || text.includes('/'))
        return describeInto(Buffer.concat([path, Buffer.from('/')]), prefix, depth)
      process.chdir(text)
      describeInto(Buffer.alloc(0), prefix, depth)
      process.chdir('..')
    }
  } finally {
    process.chdir(back)
  }
}

/** One byte a character, a long run of one of them as its count. */
function readable(name: Buffer): string {
  return name.toString('latin1').replace(/(.)\1{49,}/gs, (run, char) => `${char}{${run.length}}`)
}

function described(path: Buffer, stat: BigIntStats): string {
  const common = `${stat.mode.toString(8)} ${stat.uid}:${stat.gid} ${stat.mtimeNs}`
  if (stat.isSymbolicLink()) return `${common} -> ${readlinkSync(path, 'latin1')}`
  if (stat.isFile()) return `${common} ${stat.size} ${contentOf(path, Number(stat.size))}`
  return stat.isDirectory() ? common : `${common} ${stat.rdev}`
}

function contentOf(path: Buffer, size: number): string {
  const hash = createHash('sha256')
  const block = Buffer.alloc(1 << 20)
  const file = openSync(path, 'r')
  const count = Math.ceil(size / block.length)
  const places = size <= readWhole ? Array.from({ length: count }, (_, index) => index) : [0, count >> 1, count - 1]
  for (const place of places)
    hash.update(block.subarray(0, readSync(file, block, 0, block.length, place * block.length)))
  closeSync(file)
  return hash.digest('hex')
}

/** What getfattr says of every entry that has an attribute. */
export function attributesOf(directory: string): string {
  return execFileSync('getfattr', ['-R', '-P', '-h', '-d', '-m', '-', '-e', 'hex', '.'], { cwd: directory }).toString(
    'latin1',
  )
}
