import { readFile, realpath } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { exitCodes, type Files, locateStack, nodeFiles } from '@angee/core'
import { createTwoFilesPatch } from 'diff'
import { printDocument } from '../output/document.ts'
import { plainText } from '../output/style.ts'
import { type Added, addRecipe } from '../recipes/add.ts'
import { findRecipe, type Recipe } from '../recipes/catalog.ts'
import { commandLine, type Surface } from '../surface.ts'

export interface RecipeAddOptions {
  service?: string
  runtime: 'container' | 'local'
  dryRun?: true
}

/** Writes the service of a recipe into `angee.yaml`, or its hook alone, and touches nothing else there. */
export async function recipeAdd(surface: Surface, name: string, options: RecipeAddOptions): Promise<number> {
  const recipe = findRecipe(name)
  const file = await realpath(locateStack(surface.root, process.cwd()).manifestFile)
  const text = await readFile(file, 'utf8')
  const added = addRecipe(text, file, { recipe, service: options.service, runtime: options.runtime })
  if (options.dryRun === undefined) await replaceFile(file, added.text, nodeFiles)
  const { service, what, persist, secrets, uncovered } = added
  const value = { recipe: recipe.name, file, service, added: what, persist, secrets, uncovered, readme: recipe.readme }
  const diff = options.dryRun === undefined ? undefined : difference(file, text, added.text)
  await printDocument(
    surface,
    diff === undefined ? value : { dryRun: true, ...value, diff },
    [service],
    () => diff ?? describe(file, added),
  )
  if (surface.format === 'table') surface.note(next(surface, recipe, added, diff !== undefined))
  return exitCodes.done
}

/** Wholly old or wholly new, with the owner and mode that it had. */
async function replaceFile(file: string, text: string, files: Files): Promise<void> {
  const before = await files.facts(file)
  await files.writeDurably(file, Buffer.from(text))
  const after = await files.facts(file)
  if (before && after) {
    await files.setAttributes(file, { ...after, mode: before.mode, uid: before.uid, gid: before.gid })
  }
  await files.syncDirectory(dirname(file))
}

function difference(file: string, before: string, after: string): string {
  const name = basename(file)
  return createTwoFilesPatch(name, name, before, after, '', '', { context: 3 }).replace(/^=+\n/, '')
}

function describe(file: string, { service, what, persist, secrets }: Added): string {
  if (what === 'hook') return plainText(`Added a hook to the service ${service} in ${file}`).concat('\n')
  const also = [
    ...persist.map((name) => `the persist entry ${name}`),
    ...secrets.map((name) => `the secret ${name}`),
  ].join(', ')
  return plainText(`Added the service ${service} to ${file}${also === '' ? '' : `, with ${also}`}`).concat('\n')
}

function next(surface: Surface, recipe: Recipe, { service, what, uncovered }: Added, isDry: boolean): string {
  const lines = [`What it guarantees, asks for and leaves out: ${recipe.readme}`]
  for (const name of uncovered) {
    lines.unshift(
      `No persist entry is called ${name}. Where one holds the data of ${service}, name it: covers: [<persist entry>]`,
    )
  }
  if (isDry) lines.push('Nothing was changed.')
  else if (what === 'service') lines.push(`Start it with: ${commandLine(surface, `stack up ${service}`)}`)
  else lines.push(`Try it: ${commandLine(surface, `stack backup --only service/${service}`)}`)
  return `${lines.join('\n')}\n`
}
