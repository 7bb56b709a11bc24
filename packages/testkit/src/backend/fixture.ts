import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BackupBackend, PartId, TreeSource, TreeTools } from '@angee/core'
import type { RunningCase } from '../api.ts'
import { buildTree, type TreeSpec } from '../trees/index.ts'

/** A fresh, empty repository. Disposing it removes what the case left. */
export interface BackendFixture extends AsyncDisposable {
  readonly backend: BackupBackend
  /** Another instance on the same repository, as another process would open it. The fixture disposes of it. */
  reopen(): Promise<BackupBackend>
  /** Damages what is stored behind the backend's back. */
  damage?(id: string, what: PartId | 'manifest', how: Damage): Promise<void>
  /** Leaves in the repository what a killed process leaves that had put some parts under `id`. */
  leaveGarbage?(id: string): Promise<void>
}

/** `flip`: one bit differs. `cut`: the last byte is gone. `remove`: nothing is there any more. */
export type Damage = 'flip' | 'cut' | 'remove'

export interface BackendPlace {
  /** An empty directory of this case's own, to be used as stack root or for whatever the backend needs. */
  directory: string
  trees: TreeTools
}

export interface BackendSuite {
  /** Shown in the report. */
  name: string
  /** `treeTools` of @angee/archive. */
  trees: TreeTools
  /** Opens a fixture for one case. Cases never share one. */
  open(place: BackendPlace): Promise<BackendFixture>
}

/** What one case works with. */
export interface Bench extends AsyncDisposable, Omit<BackendFixture, typeof Symbol.asyncDispose> {
  readonly trees: TreeTools
  /** Makes a tree and gives its source. */
  makeTree(spec: TreeSpec, exclude?: readonly string[]): Promise<TreeSource>
  /** A new empty directory of mode 0700. */
  emptyDirectory(): Promise<string>
}

/** Declares a case that opens a fixture of its own. */
export type DeclareCase = (name: string, body: (bench: Bench, test: RunningCase) => Promise<void>) => void

/** Opens the fixture of one case, with a scratch directory beside it that goes with it. */
export async function setUp({ trees, open }: BackendSuite): Promise<Bench> {
  const scratch = await mkdtemp(join(tmpdir(), 'angee-backend-suite-'))
  let count = 0
  const emptyDirectory = async () => {
    count += 1
    const directory = join(scratch, `scratch-${count}`)
    await mkdir(directory, { mode: 0o700 })
    return directory
  }
  const fixture = await open({ directory: await emptyDirectory(), trees })
  return {
    ...fixture,
    trees,
    emptyDirectory,
    async makeTree(spec, exclude = []) {
      const directory = await emptyDirectory()
      await buildTree(directory, spec)
      return trees.source(directory, exclude)
    },
    async [Symbol.asyncDispose]() {
      await fixture[Symbol.asyncDispose]()
      await trees.remove(scratch)
      await rm(scratch, { recursive: true, force: true })
    },
  }
}
