import { readCatalog } from '../catalog/index.ts'
import { AngeeError } from '../errors/index.ts'
import type { Stack } from '../stack/index.ts'
import { isSnapshotId } from './id.ts'

/** Refuses a name that could not be told from another snapshot's name or id. USAGE, NAME_TAKEN. */
export async function requireFreeName(stack: Pick<Stack, 'store'>, name: string | undefined): Promise<void> {
  if (name === undefined) return
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name) || name === 'latest' || isSnapshotId(name)) {
    throw new AngeeError('USAGE', `"${name}" cannot be the name of a snapshot`, {
      hint: 'Use up to 100 letters, digits, ".", "_" and "-"; "latest" and names that look like ids are taken.',
    })
  }
  const { records } = await readCatalog(stack.store)
  const taken = records.find((record) => record.name === name)
  if (!taken) return
  throw new AngeeError('NAME_TAKEN', `snapshot ${taken.id} is named "${name}" already`, {
    hint: `Choose another name, or remove it first: angee stack backup rm ${name}`,
    context: { name, id: taken.id },
  })
}
