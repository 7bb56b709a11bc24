import { AngeeError } from '@angee/core/errors'
import type { Surface } from '../surface.ts'

// biome-ignore lint/suspicious/noExplicitAny: each command has options of its own
type RemoteAction = (surface: Surface, args: string[], options: any) => Promise<number>

/** What commands do with `--operator`, by what is typed. Each is imported when it is chosen. */
const remoteActions: Record<string, () => Promise<RemoteAction>> = {
  'stack backup': async () => (await import('./backups.ts')).stackBackup,
  'stack backup ls': async () => (await import('./backups.ts')).backupLs,
  'stack backup show': async () => (await import('./backups.ts')).backupShow,
  'stack backup rm': async () => (await import('./care.ts')).backupRm,
  'stack backup verify': async () => (await import('./care.ts')).backupVerify,
  'stack backup prune': async () => (await import('./prune.ts')).backupPrune,
  'stack backup copy': async () => (await import('./care.ts')).backupCopy,
  'stack backup drill': async () => (await import('./care.ts')).backupDrill,
  'stack backup schedule': async () => (await import('./care.ts')).backupSchedule,
  'stack backup reindex': async () => (await import('./care.ts')).backupReindex,
  'stack restore': async () => (await import('./restore.ts')).stackRestore,
  'stack up': async () => (await import('./stack.ts')).stackUp,
  'stack down': async () => (await import('./stack.ts')).stackDown,
  'stack status': async () => (await import('./stack.ts')).stackStatus,
  'job ls': async () => (await import('./stack.ts')).jobLs,
  'workspace create': async () => (await import('./workspaces.ts')).workspaceCreate,
  'workspace ls': async () => (await import('./workspaces.ts')).workspaceLs,
  'workspace destroy': async () => (await import('./workspaces.ts')).workspaceDestroy,
  'job run': async () => (await import('./stack.ts')).jobRun,
}

/** The commands that an operator can do. */
export const remoteCommands = Object.keys(remoteActions)

/** What the command does with `--operator`. USAGE for one that works on this machine only. */
export async function remoteAction(command: string): Promise<RemoteAction> {
  const load = remoteActions[command]
  if (load) return load()
  throw new AngeeError('USAGE', `"angee ${command}" works on this machine only, and takes no --operator`, {
    hint: `Run it where the stack is. With --operator there are: ${remoteCommands.join(', ')}.`,
  })
}
