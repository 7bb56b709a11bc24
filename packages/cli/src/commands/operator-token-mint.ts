import { exitCodes, fileStore, locateStack, nodeFiles, registerSecret } from '@angee/core'
import { mintToken, type Scope } from '@angee/operator'
import { newContext } from '../context.ts'
import { printDocument } from '../output/document.ts'
import type { Surface } from '../surface.ts'

export interface MintArguments {
  scope: Scope[]
  name: string
  only?: string[]
  /** Milliseconds. */
  expires?: number
}

/** Mints a token for the operator of this stack, which need not run. */
export async function operatorTokenMint(
  surface: Surface,
  { scope, name, only, expires }: MintArguments,
): Promise<number> {
  const { stateDirectory } = locateStack(surface.root, process.cwd())
  const request = {
    name,
    scopes: scope,
    ...(only === undefined ? {} : { names: only }),
    ...(expires === undefined ? {} : { lifetime: expires }),
  }
  const ctx = newContext(surface, new AbortController().signal, () => undefined)
  const { token, ...facts } = await mintToken(fileStore(stateDirectory, nodeFiles), request, ctx)
  // It is printed here, and nowhere else from now on.
  await printDocument(surface, { ...facts, token }, [token], () => `${token}\n`)
  registerSecret(token)
  const until = facts.expiresAt === undefined ? 'does not expire' : `expires ${facts.expiresAt}`
  surface.note(`Token ${facts.id} "${facts.name}": ${facts.scopes.join(', ')}; ${until}. It is not shown again.\n`)
  return exitCodes.done
}
