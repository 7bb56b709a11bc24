import { dirname, join } from 'node:path'
import { AngeeError } from '../errors/index.ts'
import type { FileFacts, Files } from '../files/index.ts'
import { stagingName } from '../snapshot/preflight.ts'
import { fromBytePath, parentOf, toBytePath } from './byte-path.ts'
import type { Attributes, BytePath, Move, Swap } from './journal-entry.ts'
import type { StagedTree } from './stage.ts'

/**
 * Decides every rename of the swap, with all trees staged and nothing live touched. Prepares the staged trees so that
 * what stays in place finds its parents there. RESTORE_CONFLICT when something cannot stay.
 */
export async function planSwap(files: Files, trees: readonly StagedTree[], stateDirectory: string): Promise<Swap> {
  const mounts = await files.mountPoints()
  const outermostFirst = [...trees].sort((a, b) => a.target.length - b.target.length)
  const targets = new Set(trees.map(({ target }) => target))
  const swap: Swap = { out: [], in: [], before: [], after: [], parents: [] }
  const taken: Move[][] = []
  for (const tree of outermostFirst) {
    const isFile = tree.part.kind === 'file'
    // An emptied tree keeps its directory, which may hold sub-paths that stay.
    const byChildren = !isFile && (swapsByChildren(tree, mounts, stateDirectory) || tree.stored === undefined)
    if (!tree.exists) swap.parents.push(...(await missingParents(files, trees, tree)))
    const held = await heldPaths(files, tree, targets)
    for (const path of [...held, ...innerTargets(tree, trees)]) await prepareParents(files, tree, path, swap)
    for (const path of tree.keep) if (!held.includes(path)) await rememberParent(files, tree, path, swap)
    const holds = byChildren
      ? []
      : held.map((path, index) => ({ live: join(tree.target, path), hold: join(tree.area, `hold-${index}`) }))
    const stay = [...held, ...innerTargets(tree, trees)]
    const [fresh, old] = [join(tree.area, 'new'), join(tree.area, 'old')]
    const out = holds.map(({ live, hold }) => move(live, hold))
    if (byChildren) out.push(...(await childMoves(files, tree.target, old, stay, tree.target)))
    else if (tree.exists) out.push(move(tree.target, old))
    taken.unshift(out)
    if (byChildren) swap.in.push(...(await childMoves(files, fresh, tree.target, stay, tree.target)))
    else if (tree.stored !== undefined) swap.in.push(move(fresh, tree.target))
    if (byChildren && tree.stored !== undefined) swap.after.push(await attributes(files, fresh, tree.target))
    swap.in.push(...holds.map(({ live, hold }) => move(hold, live)))
  }
  // The innermost leaves first, so that a tree is whole when it moves; the outermost arrives first.
  swap.out = taken.flat()
  const changed = new Set([...swap.out.map(({ from }) => parentOf(from)), ...swap.after.map(({ path }) => path)])
  for (const directory of changed) {
    const facts = await files.facts(fromBytePath(directory))
    if (facts) swap.before.push(toAttributes(directory, facts))
  }
  return swap
}

/**
 * A mount point cannot be renamed, nor a directory out of which a mount would be carried away, nor the one in which
 * this restore keeps its own state.
 */
function swapsByChildren(
  { target, keep, part }: StagedTree,
  mounts: readonly string[],
  stateDirectory: string,
): boolean {
  const inside = mounts.filter((mount) => mount.startsWith(`${target}/`)).map((mount) => mount.slice(target.length + 1))
  const awkward = inside.find((mount) => !keep.some((path) => path === mount || mount.startsWith(`${path}/`)))
  if (awkward === undefined)
    return mounts.includes(target) || inside.length > 0 || stateDirectory.startsWith(`${target}/`)
  throw new AngeeError('RESTORE_CONFLICT', `${part.id}: ${join(target, awkward)} is mounted inside ${target}`, {
    hint: 'Declare the mounted directory as a persist entry of its own, or unmount it for the restore.',
    context: { part: part.id, mount: join(target, awkward) },
  })
}

/** What lies live at sub-paths that stay: it moves out of the old tree and into the new one. */
async function heldPaths(files: Files, tree: StagedTree, targets: ReadonlySet<string>): Promise<string[]> {
  const held: string[] = []
  for (const path of tree.keep) {
    const live = join(tree.target, path)
    // Another part of this restore takes care of its own directory.
    if (targets.has(live) || !tree.exists) continue
    if ((await files.facts(live)) !== undefined) held.push(path)
  }
  return held
}

function innerTargets(tree: StagedTree, trees: readonly StagedTree[]): string[] {
  return trees
    .filter((other) => other !== tree && other.target.startsWith(`${tree.target}/`))
    .map((other) => other.target.slice(tree.target.length + 1))
}

/**
 * Makes the way to `path` in the staged tree out of real directories with the attributes they have live, and sets
 * aside what the snapshot itself holds at `path`.
 */
async function prepareParents(files: Files, tree: StagedTree, path: string, swap: Swap): Promise<void> {
  const fresh = join(tree.area, 'new')
  const segments = path.split('/')
  for (let depth = 0; depth < segments.length; depth++) {
    const way = segments.slice(0, depth).join('/')
    const staged = join(fresh, way)
    const facts = await files.facts(staged)
    if (facts && facts.kind !== 'directory') {
      throw new AngeeError(
        'RESTORE_CONFLICT',
        `${tree.part.id}: ${path} must stay in place, and in the snapshot ${way} is no directory`,
        {
          hint: 'Move that data elsewhere first, or restore other parts with --only.',
          context: { part: tree.part.id, path },
        },
      )
    }
    if (!facts) {
      const holder = await files.facts(dirname(staged))
      await files.makeDirectory(staged, 0o755)
      const live = await files.facts(join(tree.target, way))
      if (live) await files.setAttributes(staged, live)
      if (holder) await files.setAttributes(dirname(staged), holder)
    }
  }
  const shadowed = join(fresh, path)
  if ((await files.facts(shadowed)) !== undefined) {
    const aside = join(tree.area, `shadowed-${swap.after.length}`)
    const parent = await files.facts(dirname(shadowed))
    await files.rename(shadowed, aside)
    if (parent) await files.setAttributes(dirname(shadowed), parent)
  }
  const parent = segments.slice(0, -1).join('/')
  if (tree.stored === undefined && parent === '') return
  swap.after.push(await attributes(files, join(fresh, parent), join(tree.target, parent)))
}

/**
 * A service that starts may make what stays and is not there yet, as engines do with missing mounts: its directory then
 * gets its times back.
 */
async function rememberParent(files: Files, tree: StagedTree, path: string, swap: Swap): Promise<void> {
  const parent = dirname(path)
  const staged = join(tree.area, 'new', parent)
  if (tree.stored === undefined || (await files.facts(staged))?.kind !== 'directory') return
  swap.after.push(await attributes(files, staged, join(tree.target, parent)))
}

async function missingParents(files: Files, trees: readonly StagedTree[], tree: StagedTree): Promise<BytePath[]> {
  const outer = trees.some((other) => other !== tree && tree.target.startsWith(`${other.target}/`))
  const missing: BytePath[] = []
  for (let at = dirname(tree.target); (await files.facts(at)) === undefined; at = dirname(at))
    missing.unshift(toBytePath(at))
  return outer ? [] : missing
}

/**
 * The moves of everything in `from` but of what stays. A directory of `live` in which something stays, stays itself, and
 * what is in it is moved one by one.
 */
async function childMoves(
  files: Files,
  from: string,
  to: string,
  stay: readonly string[],
  live: string,
): Promise<Move[]> {
  const moves: Move[] = []
  for (const bytes of await files.names(from)) {
    const name = bytes.toString()
    if (name === stagingName || stay.includes(name)) continue
    const below = stay.filter((path) => path.startsWith(`${name}/`)).map((path) => path.slice(name.length + 1))
    if (below.length > 0 && (await files.facts(join(live, name)))?.kind === 'directory')
      moves.push(...(await childMoves(files, join(from, name), join(to, name), below, join(live, name))))
    else moves.push(childMove(from, to, bytes))
  }
  return moves
}

function childMove(from: string, to: string, name: Buffer): Move {
  const child = name.toString('latin1')
  return { from: `${toBytePath(from)}/${child}`, to: `${toBytePath(to)}/${child}` }
}

function move(from: string, to: string): Move {
  return { from: toBytePath(from), to: toBytePath(to) }
}

/** The attributes of one path, to be given to another. */
async function attributes(files: Files, from: string, to: string): Promise<Attributes> {
  const facts = await files.facts(from)
  if (!facts) throw new AngeeError('INTERNAL', `${from} vanished while the swap was planned`)
  return toAttributes(toBytePath(to), facts)
}

/** What a directory looks like, as the journal keeps it. */
export function toAttributes(path: BytePath, { mode, uid, gid, accessNs, modificationNs }: FileFacts): Attributes {
  return { path, mode, uid, gid, accessNs: accessNs.toString(), modificationNs: modificationNs.toString() }
}
