import { lstat, readFile, writeFile } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { AngeeError, type Manifest, parseManifest, resolveScope } from '@angee/core'
import { type Document, isMap, parseDocument } from 'yaml'
import type { AngeeBlock } from '../template/index.ts'

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

/** Changes the file and keeps everything else in it as it is written, comments too. Checks what comes out. */
export async function editStackFile(
  { path, root }: StackFile,
  label: string,
  edit: (document: Document, manifest: Manifest) => void,
): Promise<Manifest> {
  const text = await readFile(path, 'utf8')
  const shown = `${label}, ${posix.join(root, 'angee.yaml')} as rendered`
  const manifest = parseManifest(text, shown)
  const document = parseDocument(text)
  edit(document, manifest)
  const edited = document.toString({ lineWidth: 0 })
  const checked = parseManifest(edited, shown)
  // A persist entry that leads out of the workspace is found now and not at the first snapshot.
  resolveScope(checked, { root: posix.basename(root) === '.angee' ? '.angee' : '', backend: undefined })
  if (document.contents !== null && edited !== text && isChanged(text, document)) await writeFile(path, edited)
  return checked
}

/** Whether anything was changed but the way it is written. */
function isChanged(text: string, document: Document): boolean {
  return JSON.stringify(parseDocument(text).toJS()) !== JSON.stringify(document.toJS())
}

/** Adds persist entries that the template declares and the file does not have. Returns what could not be added. */
export function addPersist(document: Document, { root, base }: StackFile, persist: AngeeBlock['persist']): string[] {
  const notes: string[] = []
  for (const [name, { subpath, scope }] of Object.entries(persist)) {
    if (document.hasIn(['persist', name])) continue
    // Subpaths of a template start at the workspace, those of a stack where the stack says.
    const way = posix.relative(base, posix.join('.', subpath))
    if (posix.isAbsolute(subpath) || way === '..' || way.startsWith('../')) {
      notes.push(
        `persist.${name} "${subpath}" lies outside of the stack in "${root || '.'}", so no snapshot will hold it`,
      )
      continue
    }
    const value = { subpath: `./${way}`, ...(scope === undefined ? {} : { scope }) }
    if (!isMap(document.get('persist'))) document.set('persist', document.createNode({}))
    document.setIn(['persist', name], document.createNode(value, { flow: true }))
  }
  return notes
}

/** RESTORE_CONFLICT for a workspace that has no stack. */
export function withoutStack(label: string): AngeeError {
  return new AngeeError('RESTORE_CONFLICT', `${label} renders no angee.yaml, so there is nothing to restore into`, {
    hint: 'Take a template that chains a stack, or create the workspace without a snapshot.',
    context: { template: label },
  })
}
