import { AngeeError } from '@angee/core'
import type { Workspaces, WorkspaceWish } from '../../workspaces.ts'
import { defineKind, type Work } from '../kind.ts'

/** Makes a workspace, and brings its stack up where it begins with data. Of the stack itself it changes nothing. */
export const workspaceCreate = defineKind<WorkspaceWish>({
  lane: 'reader',
  // Answers may be secrets, and only the template knows which.
  told: ({ inputs, ...wish }) => ({ ...wish, inputs: Object.keys(inputs) }),
  run: async (wish, work) => ({ result: await workspacesOf(work).create(wish, work.output, work.ctx) }),
})

/** Removes one with everything in it. */
export const workspaceDestroy = defineKind<{ name: string; purge: boolean }>({
  lane: 'reader',
  run: async ({ name, purge }, work) => {
    await workspacesOf(work).destroy(name, { purge }, work.ctx)
    return { result: { destroyed: name } }
  },
  settle: async ({ name }, work) => {
    const left = await workspacesOf(work).list(work.ctx)
    return left.some((one) => one.name === name) ? undefined : { destroyed: name }
  },
})

function workspacesOf({ workspaces }: Work): Workspaces {
  if (workspaces) return workspaces
  throw new AngeeError('INTERNAL', 'an operation about workspaces was taken on by an operator that makes none')
}
