import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, realpathSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { AngeeError } from '@angee/core'

const run = promisify(execFile)

/** The top of the git checkout that `directory` lies in; undefined when it lies in none. */
export function checkoutOf(directory: string): string | undefined {
  for (let at = directory; ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return at
    if (at === dirname(at)) return undefined
  }
}

/** The tree of one commit, in a directory of its own. */
export interface CommitTree {
  /** Where it lies, without symbolic links. */
  top: string
  commit: string
  remove(): Promise<void>
}

/**
 * Writes the tree of `ref` of a checkout into a new directory. Neither its index nor its files are touched, and symbolic
 * links stay links. TEMPLATE_NOT_FOUND when there is no such commit, or no git.
 */
export async function treeOfCommit(checkout: string, ref: string, signal: AbortSignal): Promise<CommitTree> {
  const commit = await resolveCommit(checkout, ref, signal)
  const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'angee-template-')))
  const remove = (): Promise<void> => rm(scratch, { recursive: true, force: true })
  try {
    const top = join(scratch, 'tree')
    await mkdir(top)
    const env = { ...process.env, GIT_INDEX_FILE: join(scratch, 'index') }
    await git(checkout, ['read-tree', commit], signal, env)
    await git(checkout, ['checkout-index', '--all', `--prefix=${top}/`], signal, env)
    return { top, commit, remove }
  } catch (error) {
    await remove()
    throw error
  }
}

async function resolveCommit(checkout: string, ref: string, signal: AbortSignal): Promise<string> {
  try {
    return (await git(checkout, ['rev-parse', '--verify', '--end-of-options', `${ref}^{commit}`], signal)).trim()
  } catch (cause) {
    signal.throwIfAborted()
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new AngeeError('TEMPLATE_NOT_FOUND', 'git is not installed, and a template at a commit needs it', {
        hint: 'Install git, or give the directory without "#…".',
        cause,
      })
    }
    throw new AngeeError('TEMPLATE_NOT_FOUND', `${checkout} has no commit "${ref}"`, {
      hint: 'Give a branch, a tag or a commit that "git log" there knows.',
      context: { checkout, ref },
      cause,
    })
  }
}

async function git(checkout: string, args: readonly string[], signal: AbortSignal, env = process.env): Promise<string> {
  const { stdout } = await run('git', ['-C', checkout, ...args], { env, signal, maxBuffer: 16 << 20 })
  return stdout
}
