import { exitCodes, fileStore, locateStack, nodeFiles } from '@angee/core'
import { listTokens, type TokenFacts } from '@angee/operator'
import { printDocument } from '../output/document.ts'
import { formatAge } from '../output/format.ts'
import { plainText } from '../output/style.ts'
import { type Column, formatTable } from '../output/table.ts'
import type { Surface } from '../surface.ts'

const columns: Column<TokenFacts>[] = [
  { title: 'ID', value: ({ id }) => id },
  { title: 'NAME', value: ({ name }) => plainText(name), shrinks: true },
  { title: 'SCOPES', value: ({ scopes }) => scopes.join(',') },
  { title: 'SNAPSHOTS', value: ({ names }) => (names === undefined ? 'all' : plainText(names.join(','))), optional: 2 },
  { title: 'MINTED', value: ({ createdAt }) => formatAge(Date.parse(createdAt), Date.now()), optional: 1 },
  { title: 'EXPIRES', value: expiryOf },
]

/** Lists the tokens of the operator of this stack; none of them is shown. */
export async function operatorTokenLs(surface: Surface): Promise<number> {
  const { stateDirectory } = locateStack(surface.root, process.cwd())
  const tokens = await listTokens(fileStore(stateDirectory, nodeFiles))
  await printDocument(
    surface,
    tokens,
    tokens.map(({ id }) => id),
    () => (tokens.length === 0 ? '' : formatTable(tokens, columns, surface.columns)),
  )
  if (tokens.length === 0 && surface.format === 'table') {
    surface.note('no tokens. Mint one: angee operator token mint --scope read\n')
  }
  return exitCodes.done
}

function expiryOf({ expiresAt }: TokenFacts): string {
  if (expiresAt === undefined) return 'never'
  const moment = Date.parse(expiresAt)
  return moment <= Date.now() ? 'EXPIRED' : formatAge(moment, Date.now())
}
