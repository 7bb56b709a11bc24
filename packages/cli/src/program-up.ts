import type { Command } from 'commander'
import { type ActionMaker, examples } from './command-tree.ts'

/** `angee stack up | down | status`. */
export function addUp(stack: Command, act: ActionMaker): void {
  stack
    .command('up')
    .description('bring services up, with the data of a restore job first; safe to repeat')
    .argument('[services...]', 'services to start, with what they depend on (default: all)')
    .option('--no-wait', 'do not wait until they are healthy')
    .action(
      act<{ wait: boolean }>(async (surface, services, { wait }) =>
        (await import('./commands/stack-up.ts')).stackUp(surface, services, wait),
      ),
    )
    .addHelpText('after', examples(['angee stack up', 'angee stack up web --no-wait']))
  stack
    .command('down')
    .description('stop and remove what runs; files and snapshots stay')
    .option('--volumes', "remove the engine's volumes too: what lies there is lost")
    .action(
      act<{ volumes?: true }>(async (surface, _, { volumes }) =>
        (await import('./commands/stack-down.ts')).stackDown(surface, volumes === true),
      ),
    )
  stack
    .command('status')
    .description('print what runs and how it is, and which jobs have been done')
    .action(act(async (surface) => (await import('./commands/stack-status.ts')).stackStatus(surface)))
}

/** `angee job ls | run`. */
export function addJobs(angee: Command, act: ActionMaker): void {
  const job = angee.command('job').description('list and run the jobs of this stack')
  job
    .command('ls')
    .description('list jobs')
    .action(act(async (surface) => (await import('./commands/job-ls.ts')).jobLs(surface)))
  job
    .command('run')
    .description('run a job, after starting what it depends on')
    .argument('<job>', 'its name in angee.yaml')
    .option('--again', 'a restore job also when it has been done: what is there is replaced')
    .action(
      act<{ again?: true }>(async (surface, [name = ''], { again }) =>
        (await import('./commands/job-run.ts')).jobRun(surface, name, again === true),
      ),
    )
    .addHelpText('after', examples(['angee job run migrate', 'angee job run restore --again']))
}

/** `angee stack backup drill`. */
export function addDrill(backup: Command, act: ActionMaker): void {
  backup
    .command('drill')
    .description('prove that a snapshot can be restored: into a throw-away stack, with checks')
    .argument('<snapshot>', 'an id, the beginning of one, a name, or "latest"')
    .action(act(async (surface, [id = '']) => (await import('./commands/backup-drill.ts')).backupDrill(surface, id)))
    .addHelpText('after', examples(['angee stack backup drill latest']))
}
