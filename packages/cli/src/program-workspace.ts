import { type Command, InvalidArgumentError } from 'commander'
import { type ActionMaker, examples } from './command-tree.ts'
import type { CreateOptions } from './commands/workspace-create.ts'
import { collectParts } from './parse.ts'

/** `angee workspace create | ls | destroy`. */
export function addWorkspaces(angee: Command, act: ActionMaker): void {
  const workspace = angee
    .command('workspace')
    .description('make and remove workspaces: copies of a stack from a template, with data of their own')
  workspace
    .command('create')
    .description('render a template; with --restore also bring its stack up with the data of a snapshot')
    .argument('[name]', 'lower-case letters, digits and "-" (default: the template makes one)')
    .requiredOption(
      '--template <template>',
      'a directory, a short name, or either with #REF for a commit of its checkout',
    )
    .option('--input <name=value>', 'an answer to a question of the template; may be repeated', collectInputs)
    .option('--restore <snapshot>', 'begin with its data: an id, the beginning of one, a name, or "latest"')
    .option('--only <part>', 'restore only this part (persist/NAME or service/NAME); may be repeated', collectParts)
    .option('--up', 'bring its stack up also without --restore')
    .option('--no-up', 'only render: the data is put in place when its stack is brought up')
    .action(
      act<CreateOptions>(async (surface, [name], options) =>
        (await import('./commands/workspace-create.ts')).workspaceCreate(surface, name, options),
      ),
    )
    .addHelpText(
      'after',
      examples([
        'angee workspace create faster-search --template experiment --input size=small --restore latest',
        'angee workspace create --template ../templates/workspaces/experiment#v2 --input topic="Faster search"',
      ]),
    )
  workspace
    .command('ls')
    .description('list the workspaces of this stack, with the ports they have leased')
    .action(act(async (surface) => (await import('./commands/workspace-ls.ts')).workspaceLs(surface)))
  workspace
    .command('destroy')
    .description('remove workspaces with everything in them, and give their ports back')
    .argument('<workspaces...>', 'their names')
    .option('--purge', 'take their stacks down first, and remove git checkouts that they hold too')
    .action(
      act<{ purge?: true }>(async (surface, names, { purge }) =>
        (await import('./commands/workspace-destroy.ts')).workspaceDestroy(surface, names, purge === true),
      ),
    )
    .addHelpText('after', examples(['angee workspace destroy faster-search --purge']))
}

/** Adds one `--input name=value` to those before it. */
function collectInputs(given: string, before: Record<string, string> = {}): Record<string, string> {
  const at = given.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('Write it as name=value.')
  return { ...before, [given.slice(0, at)]: given.slice(at + 1) }
}
