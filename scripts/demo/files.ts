import { createHash, randomBytes } from 'node:crypto'
import { chmod, lstat, mkdir, readdir, readFile, readlink, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Fills `data/` and the nested `data/uploads/`: text, random bytes, nothing at all, odd names, modes, times, a link. */
export async function writeFiles(directory: string): Promise<void> {
  const data = join(directory, 'data')
  const uploads = join(data, 'uploads')
  await mkdir(join(uploads, '2024', 'holidays'), { recursive: true })
  await writeFile(join(data, 'settings.json'), '{ "theme": "dark" }\n')
  await writeFile(join(data, 'empty'), '')
  await writeFile(join(data, 'weekly-report.sh'), '#!/bin/sh\necho "all is well"\n')
  await chmod(join(data, 'weekly-report.sh'), 0o750)
  await writeFile(join(uploads, 'a name with spaces, ünïcode and 猫'), 'meow\n')
  await writeFile(join(uploads, 'film.bin'), randomBytes(8 << 20))
  for (let index = 1; index <= 30; index++) {
    const photo = join(uploads, '2024', 'holidays', `photo-${index}.jpg`)
    await writeFile(photo, randomBytes(index * 1021))
    await utimes(photo, index * 86_400.123456, index * 86_400.654321)
  }
  await symlink('2024/holidays/photo-7.jpg', join(uploads, 'best.jpg'))
}

/**
 * What every file below `directory` is: a line each with path, mode, time, size and SHA-256, or where a link points.
 * Made with Node alone, so that nothing of what is being shown is its own witness. `leaveOut` names a sub-path.
 */
export async function describeFiles(directory: string, leaveOut?: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const paths = entries.map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1)).sort()
  const wanted = paths.filter((path) => path !== leaveOut && !path.startsWith(`${leaveOut}/`))
  return Promise.all(wanted.map((path) => describeFile(directory, path)))
}

async function describeFile(directory: string, path: string): Promise<string> {
  const file = join(directory, path)
  const facts = await lstat(file, { bigint: true })
  const permissions = (facts.mode & 0o7777n).toString(8)
  if (facts.isDirectory()) return `${path}/ ${permissions}`
  if (facts.isSymbolicLink()) return `${path} -> ${await readlink(file)}`
  const digest = createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
  return `${path} ${permissions} ${facts.mtimeNs} ${facts.size} ${digest}`
}
