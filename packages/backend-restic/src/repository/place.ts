import { relative, resolve } from 'node:path'
import { AngeeError, registerSecret } from '@angee/core'

/** Where a repository lies. */
export interface RepositoryPlace {
  /** What restic is given, by environment only: a URL may hold a password. */
  url: string
  /** For display: without user and password. */
  location: string
  /** The absolute path of a repository on this machine. */
  directory?: string
  /** `text` without the password of the URL, however short it is. */
  hide(text: string): string
}

/** Schemes of restic; anything else is a path. */
const remote = /^(rest|s3|sftp|rclone|b2|azure|gs|swift):/
const userInfo = /(?<=\/\/)([^/@]*)@/

/**
 * Reads a repository as restic does, paths relative to the stack root. Registers the password in it as a secret.
 * BACKEND_OPTIONS_INVALID where the repository would hold the stack itself.
 */
export function repositoryPlace(repository: string, stackRoot: string): RepositoryPlace {
  if (remote.test(repository)) return remotePlace(repository)
  const directory = resolve(stackRoot, repository.replace(/^local:/, ''))
  const way = relative(directory, stackRoot)
  if (way !== '..' && !way.startsWith('../')) {
    throw new AngeeError(
      'BACKEND_OPTIONS_INVALID',
      `backup_backend.repository: "${repository}" holds the stack itself`,
      {
        hint: 'Give the repository a directory of its own, for example "./backups".',
        context: { directory, stackRoot },
      },
    )
  }
  // The prefix keeps a path like "s3:x" from being taken for a URL.
  return { url: `local:${directory}`, location: directory, directory, hide: (text) => text }
}

function remotePlace(url: string): RepositoryPlace {
  const [, user = ''] = userInfo.exec(url) ?? []
  const password = user.slice(user.indexOf(':') + 1)
  const location = url.replace(userInfo, '')
  if (!user.includes(':') || password === '') return { url, location, hide: (text) => text }
  for (const secret of [password, decoded(password)]) registerSecret(secret)
  return { url, location, hide: (text) => text.replaceAll(`${user}@`, '') }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
