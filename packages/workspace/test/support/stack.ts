import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { locateStack, nodeFiles } from '@angee/core'
import { onTestFinished } from 'vitest'
import type { WorkspaceHost } from '../../src/index.ts'

/** The collection that users are shown. */
export const collection = new URL('../../../../examples/templates', import.meta.url).pathname

/** A directory that is gone after the test. */
export function scratch(): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'angee-workspace-')))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Files by path; a value that begins with `-> ` is a symbolic link. */
export function writeTree(directory: string, files: Record<string, string | Uint8Array>): string {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), content)
  }
  return directory
}

/** A stack without services, that workspaces can belong to. */
export function parentStack(manifest = 'name: shop\n'): WorkspaceHost & { root: string } {
  const root = scratch()
  writeTree(root, { 'angee.yaml': manifest })
  return hostAt(root)
}

export function hostAt(root: string): WorkspaceHost & { root: string } {
  const trees = { remove: async (directory: string) => rmSync(directory, { recursive: true, force: true }) }
  return { root, place: locateStack(root, root), files: nodeFiles, trees }
}
