import { AngeeError } from '@angee/core/errors'
import { Argument, Command, Option } from 'commander'
import { type Action, type ActionMaker, examples } from './command-tree.ts'
import type { BackupOptions } from './commands/stack-backup.ts'
import type { RestoreArguments } from './commands/stack-restore.ts'
import { writeErr, writeOut } from './output/streams.ts'
import { collectLabels, collectParts } from './parse.ts'
import { addOperator } from './program-operator.ts'
import { addPrune } from './program-prune.ts'
import { addRecipes } from './program-recipe.ts'
import { addTransfer } from './program-transfer.ts'
import { addDrill, addJobs, addUp } from './program-up.ts'
import { addWorkspaces } from './program-workspace.ts'
import { type GlobalOptions, outputFormats, surfaceFor } from './surface.ts'
import { tool } from './version.ts'

const snapshotArgument = 'an id, the beginning of one, a name, or "latest"'
const partsOption = '--only <part>'

/**
 * Every command with its options and help. A command's own code is imported when it is chosen, so that the others cost
 * nothing. `done` is told the exit code of the command that ran.
 */
export function buildProgram(done: (exitCode: number) => void): Command {
  const angee: Command = new Command('angee')
    .description('Snapshots and restores the data of a stack.')
    .version(tool.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .option('--root <directory>', 'the stack: the directory that holds angee.yaml (default: here or above)')
    .option('--operator <url>', 'have the operator there do it: http://HOST:PORT, https://HOST or unix:PATH')
    .option('--operator-token-file <file>', 'its token (also: ANGEE_OPERATOR_TOKEN, ANGEE_OPERATOR_TOKEN_FILE)')
    .addOption(new Option('-o, --output <format>', 'how to print the result').choices(outputFormats))
    .option('--json', 'the same as -o json')
    .option('-q, --quiet', 'print ids only, and nothing but warnings and errors besides')
    .option('--no-color', 'no colours (also: NO_COLOR=1)')
    .option('-y, --yes', 'do not ask before something is replaced or removed')
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ writeOut, writeErr, outputError: () => undefined })
    // Those of angee itself alone: an option of `backup` says nothing to the commands below it.
    .configureHelp({
      showGlobalOptions: true,
      visibleGlobalOptions: (command) => (command.parent ? [...angee.options] : []),
    })

  /** Runs `action` with what the user gave, whatever depth its command stands at. */
  function act<Options>(action: Action<Options>): (...given: unknown[]) => Promise<void> {
    return async (...given) => {
      const command = given.at(-1) as Command
      const surface = surfaceFor(command.optsWithGlobals<GlobalOptions>())
      const options = command.opts<Options & Record<string, unknown>>()
      if (surface.operator === undefined) return done(await action(surface, command.args, options))
      if (surface.root !== undefined) throw eitherRootOrOperator()
      const { remoteAction } = await import('./remote/index.ts')
      done(await (await remoteAction(pathOf(command)))(surface, command.args, options))
    }
  }

  const stack = angee.command('stack').description('bring this stack up, snapshot and restore it')
  addBackup(stack, act)
  addRestore(stack, act)
  addUp(stack, act)
  addJobs(angee, act)
  addWorkspaces(angee, act)
  addRecipes(angee, act)
  addOperator(angee, act)

  angee
    .command('doctor')
    .description('check everything a snapshot and a restore of this stack depend on')
    .option(
      '--backend [name]',
      'instead, prove that a backend keeps its promises: writes beside its snapshots, and removes it',
    )
    .action(
      act<{ backend?: string | true }>(async (surface, _, { backend }) => {
        if (backend === undefined) return (await import('./commands/doctor.ts')).doctor(surface)
        const { doctorBackend } = await import('./commands/doctor-backend.ts')
        return doctorBackend(surface, backend === true ? undefined : backend)
      }),
    )
    .addHelpText(
      'after',
      examples([
        'angee doctor',
        'angee doctor -o json | jq ".checks[] | select(.status != \\"ok\\")"',
        'angee doctor --backend',
      ]),
    )

  addCompletion(angee, done)
  return angee
}

/** The words that choose a command, without `angee` itself. */
function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}`.trim() : ''
}

function eitherRootOrOperator(): AngeeError {
  return new AngeeError('USAGE', '--root and --operator cannot go together', {
    hint: 'An operator serves one stack, which was chosen when it was started.',
  })
}

function addBackup(stack: Command, act: ActionMaker): void {
  const backup = stack
    .command('backup')
    .description('take a snapshot; or list, inspect, remove, prune, verify, copy, export, import snapshots')
    .option('--name <name>', 'a name to restore it by')
    .option('--label <key=value>', 'a label; may be repeated', collectLabels)
    .option(partsOption, 'only this part (persist/NAME or service/NAME); may be repeated', collectParts)
    .option('--include-secrets', 'store the secrets file too; only where snapshots are encrypted')
    .option('--no-reuse', 'read every file again, also where nothing seems to have changed')
    .option('--dry-run', 'print what would be captured, and change nothing')
    .option('--allow-partial', 'keep the rest when a part fails; such a snapshot is never "latest"')
    .allowExcessArguments()
    .helpCommand(true)
    .hook('preSubcommand', refuseOptionsOfParent)
    .action(
      act<BackupOptions>(async (surface, args, options) => {
        if (args[0] !== undefined) throw await unknownCommand(backup, args[0])
        return (await import('./commands/stack-backup.ts')).stackBackup(surface, options)
      }),
    )
    .addHelpText(
      'after',
      examples([
        'angee stack backup --name before-upgrade',
        'angee stack backup --only persist/uploads --label ticket=42',
        'angee stack backup --dry-run',
        'angee stack backup ls',
      ]),
    )
  backup
    .command('ls')
    .description('list snapshots, newest last')
    .action(act(async (surface) => (await import('./commands/backup-ls.ts')).backupLs(surface)))
  backup
    .command('show')
    .description('print what a snapshot holds')
    .argument('<snapshot>', snapshotArgument)
    .action(act(async (surface, [id = '']) => (await import('./commands/backup-show.ts')).backupShow(surface, id)))
  backup
    .command('rm')
    .description('remove snapshots for ever')
    .argument('<snapshots...>', snapshotArgument)
    .option('--force', 'also a safety snapshot that nothing has superseded yet')
    .action(
      act<{ force?: true }>(async (surface, ids, { force }) =>
        (await import('./commands/backup-rm.ts')).backupRm(surface, ids, force === true),
      ),
    )
    .addHelpText(
      'after',
      examples(['angee stack backup rm 01J9Z3 before-upgrade', 'angee stack backup rm 01J9Z3 --yes']),
    )
  backup
    .command('verify')
    .description('read snapshots back and compare every digest')
    .argument('[snapshots...]', snapshotArgument)
    .option('--all', 'every snapshot in the backend')
    .option('--quick', 'only look whether every stored object is there with its length')
    .action(
      act<{ all?: true; quick?: true }>(async (surface, ids, { all, quick }) =>
        (await import('./commands/backup-verify.ts')).backupVerify(surface, ids, all === true, quick === true),
      ),
    )
    .addHelpText('after', examples(['angee stack backup verify latest', 'angee stack backup verify --all --quick']))
  addPrune(backup, act)
  addDrill(backup, act)
  addTransfer(backup, act)
  backup
    .command('reindex')
    .description('rebuild the list of snapshots from what the backend holds')
    .action(act(async (surface) => (await import('./commands/backup-reindex.ts')).backupReindex(surface)))
}

function addRestore(stack: Command, act: ActionMaker): void {
  stack
    .command('restore')
    .description('put the data of a snapshot in place of what is there; all of it or nothing')
    .argument('[snapshot]', snapshotArgument)
    .option(partsOption, 'only this part (persist/NAME or service/NAME); may be repeated', collectParts)
    .option('--dry-run', 'print the plan, and change nothing')
    .option('--undo', 'return to what the last restore replaced')
    .option('--no-safety', 'take no safety snapshot first: there is then no way back')
    .option('--allow-partial', 'accept a snapshot in which parts are missing')
    .option('--abandon', 'give up an earlier restore that can be neither finished nor undone')
    .action(
      act<RestoreArguments>(async (surface, [id], options) =>
        (await import('./commands/stack-restore.ts')).stackRestore(surface, id, options),
      ),
    )
    .addHelpText(
      'after',
      examples([
        'angee stack restore latest --dry-run',
        'angee stack restore before-upgrade',
        'angee stack restore 01J9Z3 --only persist/uploads --yes',
        'angee stack restore --undo',
      ]),
    )
}

function addCompletion(angee: Command, done: (exitCode: number) => void): void {
  angee
    .command('completion')
    .description('print the completion script of a shell')
    .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish']))
    .action(async (shell: string) => {
      const { completionScript } = await import('./completion/scripts.ts')
      writeOut(completionScript(shell as 'bash' | 'zsh' | 'fish'))
      done(0)
    })
    .addHelpText(
      'after',
      examples([
        'source <(angee completion bash)          # in ~/.bashrc',
        'source <(angee completion zsh)           # in ~/.zshrc, after compinit',
        'angee completion fish > ~/.config/fish/completions/angee.fish',
      ]),
    )
  angee
    .command('__complete', { hidden: true })
    .argument('[words...]')
    .allowUnknownOption()
    .helpOption(false)
    .action(async (words: string[]) => {
      const { complete } = await import('./commands/complete.ts')
      done(await complete(angee, words))
    })
}

/**
 * `backup --dry-run rm X` must not remove X: an option of `backup` says nothing to the commands below it. One of the same
 * name that the command has itself is read by `backup` first, and handed over.
 */
function refuseOptionsOfParent(backup: Command, subcommand: Command): void {
  const all = backup.options.filter((option) => backup.getOptionValueSource(option.attributeName()) === 'cli')
  const isOwn = (long: string | undefined): boolean => subcommand.options.some((option) => option.long === long)
  for (const option of all.filter(({ long }) => isOwn(long))) {
    const name = option.attributeName()
    subcommand.setOptionValueWithSource(name, backup.getOptionValue(name), 'cli')
  }
  const given = all.find(({ long }) => !isOwn(long))
  if (!given) return
  throw new AngeeError('USAGE', `"${given.long}" is no option of "angee stack backup ${subcommand.name()}"`, {
    hint: `It belongs to "angee stack backup" itself. See: angee stack backup ${subcommand.name()} --help`,
  })
}

async function unknownCommand(backup: Command, word: string): Promise<AngeeError> {
  const { didYouMean } = await import('@angee/core')
  const names = backup.commands.map((one) => one.name())
  return new AngeeError('USAGE', `unknown command "${word}"`, {
    hint: `${didYouMean(word, names)}Commands: ${names.join(', ')}. To give a snapshot a name: --name ${word}`,
  })
}
