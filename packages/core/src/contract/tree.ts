import type { Readable } from 'node:stream'
import type { Context, Warning } from './context.ts'
import type { EntryCounts, StoredPart, TreeSummary } from './snapshot-manifest.ts'

/**
 * A directory to be stored. Engines that walk take `directory` and `exclude`; engines that stream call `toTar`.
 * Whoever reads it MUST leave out every excluded sub-path together with what lies below it.
 */
export interface TreeSource {
  /** Absolute path. It is a directory and was so when the source was made. */
  readonly directory: string
  /** Sub-paths of `directory` to leave out: normalised, relative, no leading or trailing slash. */
  readonly exclude: readonly string[]
  /**
   * The same directory as the last complete snapshot in this backend holds it. Absent where nothing is remembered or
   * nothing shall be reused.
   */
  readonly previous?: PreviousTree
  /** Where the tree tools remember what they saw. Absent where nothing shall be remembered; backends leave it alone. */
  readonly memory?: TreeMemory
  /**
   * Whether every entry is what it was when `previous` was taken, by type, size, times and inode; false when in doubt.
   * Reads no content. A backend that gets `true` may store `previous.stored` again in place of the directory.
   */
  unchanged(ctx: Context): Promise<boolean>
  /** A canonical tar archive (docs/snapshot-format.md). May be called again; each call reads the directory anew. */
  toTar(ctx: Context): TarOfTree
}

/** Where a tree lies already. */
export interface PreviousTree {
  /** The snapshot that holds it. */
  id: string
  stored: StoredPart
}

/**
 * Files in which the tree tools remember the entries of a tree from one snapshot to the next. Absolute paths; what
 * stands in them is the tools' own. A file that is damaged, of another version or of another tree counts as none.
 */
export interface TreeMemory {
  /** What was remembered when `previous` was taken. */
  readonly last?: string
  /**
   * Written by each reading of the tree during which it stood still; after any other reading nothing is there. Its
   * directory exists.
   */
  readonly next: string
}

export interface TarOfTree {
  stream: Readable
  /** Settles after the stream has ended: what was read and what could not be kept. Rejects when the stream errors. */
  result: Promise<{ summary: TreeSummary; warnings: Warning[] }>
}

/**
 * What core needs to know of trees and may not do itself, implemented by @angee/archive.
 * All paths are absolute. None of these follows a symbolic link.
 */
export interface TreeTools {
  /** `known`: what is remembered of the directory. Without it every file is read and nothing is remembered. */
  source(directory: string, exclude: readonly string[], known?: Pick<TreeSource, 'previous' | 'memory'>): TreeSource
  /**
   * Gives the same summary that storing the directory would give. Reads every file, but those that are for certain what
   * they were when `source.memory.last` was written.
   */
  summarize(source: TreeSource, ctx: Context): Promise<{ summary: TreeSummary; warnings: Warning[] }>
  /** Extracts a canonical tar archive into an empty directory, treating it as hostile. */
  extract(tar: Readable, into: EmptyDirectory, ctx: Context): Promise<TreeSummary>
  /** Removes a directory and everything below, however deep; an absent one is done already. */
  remove(directory: string): Promise<void>
}

/** Absolute path of an existing, empty directory of mode 0700 that belongs to the caller. */
export type EmptyDirectory = string

export const noEntries: EntryCounts = { file: 0, directory: 0, symlink: 0, hardlink: 0, fifo: 0, device: 0 }
