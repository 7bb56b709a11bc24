import { lstat, readdir, readlink, realpath, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { AngeeError } from '@angee/core'
import { isInside, type Template } from '../template/index.ts'

/** Something in a template. A link is one that is kept as it is. */
export interface Entry {
  kind: 'file' | 'directory' | 'link'
  name: string
  /** Absolute; of a link that is followed, where it leads. */
  path: string
  /** Shown in messages. */
  label: string
  mode: number
  target: string
}

/**
 * The entries of a directory of the template, ascending. Links are kept where the template says so, and else followed,
 * but not out of the template. TEMPLATE_ESCAPES, TEMPLATE_INVALID.
 */
export async function entriesOf(directory: string, template: Template): Promise<Entry[]> {
  const names = (await readdir(directory, { encoding: 'buffer' })).sort(Buffer.compare)
  const entries: Entry[] = []
  for (const bytes of names) {
    const name = bytes.toString()
    const path = join(directory, name)
    const label = join(template.label, relative(template.directory, path))
    if (!Buffer.from(name).equals(bytes)) throw wrong(label, 'has a name that is not UTF-8')
    entries.push(await entryOf({ name, path, label }, template))
  }
  return entries
}

async function entryOf(found: Pick<Entry, 'name' | 'path' | 'label'>, template: Template): Promise<Entry> {
  const facts = await lstat(found.path)
  if (facts.isSymbolicLink()) {
    if (template.settings.preserveSymlinks)
      return { ...found, kind: 'link', mode: 0o777, target: await readlink(found.path) }
    return entryOf({ ...found, path: await followed(found, template) }, template)
  }
  const mode = facts.mode & 0o777
  if (facts.isDirectory()) return { ...found, kind: 'directory', mode, target: '' }
  if (facts.isFile()) return { ...found, kind: 'file', mode, target: '' }
  throw wrong(found.label, 'is neither a file nor a directory nor a link')
}

async function followed({ path, label }: Pick<Entry, 'path' | 'label'>, template: Template): Promise<string> {
  let target: string
  try {
    target = await realpath(path)
    await stat(target)
  } catch (cause) {
    throw wrong(label, 'is a symbolic link that leads nowhere', cause)
  }
  if (isInside(target, template.includeRoot)) return target
  throw new AngeeError('TEMPLATE_ESCAPES', `${label} is a symbolic link out of the template, to ${target}`, {
    hint: 'Put the file into the template, or set _preserve_symlinks: true to keep the link itself.',
    context: { file: label, target },
  })
}

function wrong(label: string, reason: string, cause?: unknown): AngeeError {
  return new AngeeError('TEMPLATE_INVALID', `${label} ${reason}`, {
    hint: 'Take it out of the template, or correct it.',
    context: { file: label },
    ...(cause === undefined ? {} : { cause }),
  })
}
