import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { AngeeError, type Files, type StackPlace, type TreeTools } from '@angee/core'

/** The stack that workspaces belong to, and what is needed to make and remove directories. An open stack is one. */
export interface WorkspaceHost {
  readonly place: StackPlace
  readonly files: Files
  readonly trees: Pick<TreeTools, 'remove'>
}

/** The directories of one workspace. */
export interface WorkspacePaths {
  /** Where it lies when it is ready. */
  final: string
  /** Where it is rendered. */
  creating: string
  /** Where it lies while it is removed. */
  destroying: string
}

const validName = /^[a-z0-9][a-z0-9-]{0,62}$/

export function pathsOf({ root }: StackPlace, name: string): WorkspacePaths {
  const directory = join(root, 'workspaces')
  return {
    final: join(directory, name),
    creating: join(directory, `.creating-${name}`),
    destroying: join(directory, `.destroying-${name}`),
  }
}

/** The directory that holds the workspaces of a stack. */
export async function makeWorkspacesDirectory({ root }: StackPlace): Promise<void> {
  await mkdir(join(root, 'workspaces'), { recursive: true })
}

/** WORKSPACE_NAME_INVALID unless the name can be part of a path, of a host name and of the name of a project. */
export function checkName(name: string): void {
  if (validName.test(name)) return
  throw new AngeeError('WORKSPACE_NAME_INVALID', `"${name}" cannot be the name of a workspace`, {
    hint: 'Use lower-case letters, digits and "-", beginning with a letter or a digit, at most 63 of them.',
    context: { name },
  })
}
