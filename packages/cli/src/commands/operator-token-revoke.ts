import { exitCodes, fileStore, locateStack, nodeFiles } from '@angee/core'
import { revokeToken, type TokenFacts } from '@angee/operator'
import { printDocument } from '../output/document.ts'
import { plainText } from '../output/style.ts'
import type { Surface } from '../surface.ts'

/** Revokes tokens, each by its id or its name. An operator that runs refuses them from the next request on. */
export async function operatorTokenRevoke(surface: Surface, tokens: readonly string[]): Promise<number> {
  const { stateDirectory } = locateStack(surface.root, process.cwd())
  const store = fileStore(stateDirectory, nodeFiles)
  const revoked: TokenFacts[] = []
  for (const token of tokens) revoked.push(await revokeToken(store, token))
  await printDocument(
    surface,
    revoked,
    revoked.map(({ id }) => id),
    () => revoked.map(({ id, name }) => `Revoked ${id} "${plainText(name)}"\n`).join(''),
  )
  return exitCodes.done
}
