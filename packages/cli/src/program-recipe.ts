import { type Command, Option } from 'commander'
import { type ActionMaker, examples } from './command-tree.ts'
import type { RecipeAddOptions } from './commands/recipe-add.ts'

/** `angee recipe ls | add`. */
export function addRecipes(angee: Command, act: ActionMaker): void {
  const recipe = angee.command('recipe').description('services with tested hooks, to put into angee.yaml')
  recipe
    .command('ls')
    .description('list recipes, and what each guarantees')
    .action(act(async (surface) => (await import('./commands/recipe-ls.ts')).recipeLs(surface)))
  recipe
    .command('add')
    .description('write the service of a recipe into angee.yaml, or its hook into a service that has none')
    .argument('<recipe>', 'its name')
    .option('--service <name>', "the service's name (default: as in the recipe)")
    .addOption(new Option('--runtime <runtime>', 'what runs it').choices(['container', 'local']).default('container'))
    .option('--dry-run', 'print what would be added, and change nothing')
    .action(
      act<RecipeAddOptions>(async (surface, [name = ''], options) =>
        (await import('./commands/recipe-add.ts')).recipeAdd(surface, name, options),
      ),
    )
    .addHelpText(
      'after',
      examples([
        'angee recipe ls',
        'angee recipe add RECIPE --dry-run',
        'angee recipe add RECIPE --service shop-db --runtime local',
      ]),
    )
}
