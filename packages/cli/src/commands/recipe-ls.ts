import { exitCodes } from '@angee/core/errors'
import { printDocument } from '../output/document.ts'
import { formatTable } from '../output/table.ts'
import { listRecipes } from '../recipes/catalog.ts'
import type { Surface } from '../surface.ts'

/** Lists the recipes that came along, with what each guarantees. Needs no stack. */
export async function recipeLs(surface: Surface): Promise<number> {
  const recipes = listRecipes()
  const columns = [
    { title: 'RECIPE', value: (recipe: (typeof recipes)[number]) => recipe.name },
    { title: 'FOR', value: (recipe: (typeof recipes)[number]) => recipe.summary },
    { title: 'NEEDS', value: (recipe: (typeof recipes)[number]) => recipe.needs, optional: 1 },
    { title: 'GUARANTEES', value: (recipe: (typeof recipes)[number]) => recipe.guarantees, shrinks: true as const },
  ]
  await printDocument(
    surface,
    recipes.map(({ directory: _, ...recipe }) => recipe),
    recipes.map(({ name }) => name),
    () => formatTable(recipes, columns, surface.columns),
  )
  return exitCodes.done
}
