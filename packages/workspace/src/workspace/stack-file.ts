import { lstat, readFile, writeFile } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { AngeeError, type Manifest, parseManifest, resolveScope } from '@angee/core'
import { parseDocument } from 'yaml'
import type { AngeeBlock } from '../template/index.ts'
import { setInYaml } from './yaml-text.ts'

/** The `angee.yaml` of a rendered workspace. */
export interface StackFile {
  /** Absolute. */
  path: string
  /** Where it lies, relative to the workspace; empty for its top. */
  root: string
  /** Where subpaths of persist entries start, relative to the workspace. */
  base: string
}

/** Finds it in the given directories, relative to the workspace. Undefined when the workspace has no stack. */
export async function findStackFile(directory: string, roots: readonly string[]): Promise<StackFile | undefined> {
  for (const root of [...new Set(roots.map((one) => posix.join(one)))]) {
    const path = join(directory, root, 'angee.yaml')
    if (!(await isOwnFile(directory, posix.join(root, 'angee.yaml')))) continue
    const clean = root === '.' ? '' : root
    return { path, root: clean, base: posix.basename(clean) === '.angee' ? posix.dirname(clean) : clean || '.' }
  }
  return undefined
}

/** A file of its own, in directories of their own: nothing that a template could have linked to another place. */
async function isOwnFile(directory: string, path: string): Promise<boolean> {
  let at = directory
  for (const segment of path.split('/')) {
    at = join(at, segment)
    try {
      if ((await lstat(at)).isSymbolicLink()) return false
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT' || code === 'ENOTDIR') return false
      throw error
    }
  }
  return true
}

/** Changes the file by `edit` and checks what comes out, and what was rendered before. MANIFEST_INVALID, SCOPE_ESCAPES_ROOT. */
export async function editStackFile(
  { path, root }: StackFile,
  label: string,
  edit: (text: string, rendered: Manifest) => string,
): Promise<Manifest> {
  const text = await readFile(path, 'utf8')
  const shown = `${label}, ${posix.join(root, 'angee.yaml')} as rendered`
  const edited = edit(text, parseManifest(text, shown))
  const manifest = parseManifest(edited, shown)
  // A persist entry that leads out of the workspace is found now and not at the first snapshot.
  resolveScope(manifest, { root: scopeRoot(root), backend: undefined })
  if (edited !== text) await writeFile(path, edited)
  return manifest
}

/** The root of a stack as its scope sees it. */
export function scopeRoot(root: string): string {
  return posix.basename(root) === '.angee' ? '.angee' : ''
}

/** Adds persist entries that the template declares and the file does not have; what could not be added is noted. */
export function addPersist(
  text: string,
  { root, base }: StackFile,
  persist: AngeeBlock['persist'],
): { text: string; notes: string[] } {
  const notes: string[] = []
  let edited = text
  for (const [name, { subpath, scope }] of Object.entries(persist)) {
    if (parseDocument(edited).hasIn(['persist', name])) continue
    // Subpaths of a template start at the workspace, those of a stack where the stack says.
    const way = posix.relative(base, posix.join('.', subpath))
    if (posix.isAbsolute(subpath) || way === '..' || way.startsWith('../')) {
      notes.push(
        `persist.${name} "${subpath}" lies outside of the stack in "${root || '.'}", so no snapshot will hold it`,
      )
      continue
    }
    const value = { subpath: `./${way}`, ...(scope === undefined ? {} : { scope }) }
    edited = setInYaml(edited, ['persist', name], value)
  }
  return { text: edited, notes }
}

/** RESTORE_CONFLICT for a workspace that has no stack. */
export function withoutStack(label: string): AngeeError {
  return new AngeeError('RESTORE_CONFLICT', `${label} renders no angee.yaml, so there is nothing to restore into`, {
    hint: 'Take a template that chains a stack, or create the workspace without a snapshot.',
    context: { template: label },
  })
}
