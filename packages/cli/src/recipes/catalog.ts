import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AngeeError, didYouMean } from '@angee/core'
import { parse } from 'yaml'

/** What a recipe says of itself, in one line each, and where it lies. */
export interface Recipe {
  name: string
  /** What it is for. */
  summary: string
  guarantees: string
  /** The oldest version it is written for. */
  needs: string
  tested: string
  readme: string
  directory: string
}

/** Every recipe that came along, by name. */
export function listRecipes(): Recipe[] {
  const all = dirname(fileURLToPath(import.meta.resolve('@angee/recipes/package.json')))
  return readdirSync(all)
    .map((name) => join(all, name))
    .filter((directory) => existsSync(join(directory, 'recipe.yaml')))
    .map(readRecipe)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

function readRecipe(directory: string): Recipe {
  const head = parse(readFileSync(join(directory, 'recipe.yaml'), 'utf8'))
  return { ...head, readme: join(directory, 'README.md'), directory }
}

/** USAGE, with the nearest name, for one that did not come along. */
export function findRecipe(name: string): Recipe {
  const recipes = listRecipes()
  const found = recipes.find((recipe) => recipe.name === name)
  if (found) return found
  const names = recipes.map((recipe) => recipe.name)
  throw new AngeeError('USAGE', `there is no recipe "${name}"`, {
    hint: `${didYouMean(name, names)}Recipes: ${names.join(', ')}.`,
  })
}
