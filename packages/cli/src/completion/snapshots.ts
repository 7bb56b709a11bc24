import { fileStore, nodeFiles, readCatalog } from '@angee/core/catalog'
import { locateStack } from '@angee/core/listing'
import { formatAge } from '../output/format.ts'
import { plainText } from '../output/style.ts'

export interface Candidate {
  word: string
  about: string
}

export interface KnownSnapshots {
  /** Names, ids and `latest`, the newest first. */
  references: Candidate[]
  parts: Candidate[]
}

const atMost = 50

/** What the catalog of the stack at `root` (or here, or above) knows. Nothing where there is no stack. */
export async function knownSnapshots(root: string | undefined): Promise<KnownSnapshots> {
  try {
    const place = locateStack(root, process.cwd())
    const { records } = await readCatalog(fileStore(place.stateDirectory, nodeFiles))
    const newest = records.slice(-atMost).reverse()
    const now = Date.now()
    const references = newest.flatMap(({ id, name, createdAt }) => {
      const about = formatAge(Date.parse(createdAt), now)
      return [...(name === undefined ? [] : [{ word: plainText(name), about }]), { word: plainText(id), about }]
    })
    const parts = new Set(newest.flatMap(({ parts }) => parts.map(({ part }) => plainText(part))))
    return {
      references: [
        ...(records.length === 0 ? [] : [{ word: 'latest', about: 'the newest complete one' }]),
        ...references,
      ],
      parts: [...parts].map((word) => ({ word, about: 'part' })),
    }
  } catch {
    // A completion has nowhere to say what is wrong; the command itself will.
    return { references: [], parts: [] }
  }
}
