import type { Writable } from 'node:stream'
import { AngeeError, type Context } from '@angee/core'
import { type Ending, failure } from '../program/failure.ts'
import type { Restic } from '../program/restic.ts'

/** What one `restic backup` stored. */
export interface Backup {
  resticId: string
  /** Bytes that restic read. */
  bytesRead: number
  /** Bytes by which the repository grew. */
  bytesAdded: number
  /** Whether some of the source could not be read; it is stored all the same. */
  incomplete: boolean
}

export interface BackupRequest {
  words: readonly string[]
  directory?: string
  feed?(stdin: Writable, gone: AbortSignal): Promise<void>
  onStatus?(bytes: number, totalBytes: number | undefined): void
  /** Told at once, also when the call then rejects: what is stored must not be forgotten about. */
  onStored?(resticId: string): void
}

/** A prune or a forget of somebody else keeps a backup waiting for this long. */
export const lockPatience = '--retry-lock=5m'

/** Runs `restic backup`. Rejects unless it stored a restic snapshot. */
export async function backup(restic: Restic, request: BackupRequest, ctx: Context): Promise<Backup> {
  const { words, directory, feed, onStatus, onStored } = request
  let stored: Omit<Backup, 'incomplete'> | undefined
  const ending = await restic.watch(
    ['backup', '--json', lockPatience, ...words],
    {
      ...(directory === undefined ? {} : { directory }),
      ...(feed === undefined ? {} : { feed }),
      onMessage: (message) => {
        if (message['message_type'] === 'status') {
          onStatus?.(Number(message['bytes_done'] ?? 0), message['total_bytes'] as number | undefined)
        }
        if (message['message_type'] !== 'summary' || typeof message['snapshot_id'] !== 'string') return
        stored = {
          resticId: message['snapshot_id'],
          bytesRead: Number(message['total_bytes_processed'] ?? 0),
          bytesAdded: Number(message['data_added_packed'] ?? 0),
        }
        onStored?.(stored.resticId)
      },
    },
    ctx,
  )
  if (ending.exitCode !== 0 && ending.exitCode !== 3) throw failure(ending, restic.place)
  if (!stored) throw saidNothing(ending, restic)
  return { ...stored, incomplete: ending.exitCode === 3 }
}

function saidNothing({ exitCode }: Ending, { place }: Restic): AngeeError {
  return new AngeeError('BACKEND_FAILED', `restic ended with exit code ${exitCode} and named no snapshot it stored`, {
    hint: `Run again. Look at "restic snapshots" of ${place.location} when it happens again.`,
    retry: 'later',
  })
}
