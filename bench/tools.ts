import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A way to save a tree and get it back. Each has its own place; `reset` makes the next save a first one. */
export interface Tool {
  name: string
  reset(): void
  save: string
  /** Leaves the tree in `restored`. */
  restore: string
  restored: string
  env: Record<string, string>
}

const main = new URL('../packages/cli/dist/main.js', import.meta.url).pathname

/** angee and its peers on one corpus. `place` is an empty directory for repositories and restored trees. */
export function toolsFor(corpus: string, place: string): Tool[] {
  const fresh = (name: string): string => join(place, name)
  const clear = (...names: string[]): void => {
    for (const name of names) {
      rmSync(fresh(name), { recursive: true, force: true })
      mkdirSync(fresh(name), { recursive: true })
    }
  }
  const restored = fresh('restored')
  const env = {
    RESTIC_REPOSITORY: fresh('restic'),
    RESTIC_PASSWORD: 'bench',
    RESTIC_CACHE_DIR: fresh('restic-cache'),
    BORG_REPO: fresh('borg'),
    BORG_BASE_DIR: fresh('borg-base'),
    BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: 'yes',
    BORG_RELOCATED_REPO_ACCESS_IS_OK: 'yes',
  }
  return [
    {
      name: 'angee',
      env,
      restored: join(fresh('angee'), 'data'),
      reset: () => {
        clear('angee', 'angee-store')
        const manifest = `backup_backend: { type: localfs, path: ${fresh('angee-store')} }\npersist: { corpus: { subpath: ./data } }\n`
        writeFileSync(join(fresh('angee'), 'angee.yaml'), manifest)
      },
      // The corpus is moved below the stack for the save and away again: a rename, no copy.
      save: `mv ${corpus} ${fresh('angee')}/data && ${process.execPath} ${main} --root ${fresh('angee')} stack backup -q; s=$?; mv ${fresh('angee')}/data ${corpus}; exit $s`,
      restore: `${process.execPath} ${main} --root ${fresh('angee')} stack restore latest --yes -q && sync -f ${fresh('angee')}`,
    },
    {
      name: 'tar | zstd -T0 -3',
      env,
      restored,
      reset: () => clear('tar', 'restored'),
      save: `tar -C ${corpus} -c . | zstd -q -T0 -3 -o ${fresh('tar')}/archive.tar.zst && sync -f ${fresh('tar')}`,
      restore: `zstd -q -dc ${fresh('tar')}/archive.tar.zst | tar -C ${restored} -x && sync -f ${restored}`,
    },
    {
      name: 'restic',
      env,
      restored,
      reset: () => clear('restic', 'restic-cache', 'restored'),
      save: `restic -q init && cd ${corpus} && restic -q backup .`,
      restore: `restic -q restore latest --target ${restored} && sync -f ${restored}`,
    },
    {
      name: 'borg',
      env,
      restored,
      reset: () => clear('borg', 'borg-base', 'restored'),
      save: `borg init -e none && cd ${corpus} && borg create -C zstd,3 ::one .`,
      restore: `cd ${restored} && borg extract ::one && sync -f ${restored}`,
    },
  ]
}
