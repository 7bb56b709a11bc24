import type { Command } from 'commander'
import { type ActionMaker, examples } from './command-tree.ts'
import type { PruneOptions } from './commands/prune-options.ts'
import { collectLabels, parseCount } from './parse.ts'

/** `angee stack backup prune`. */
export function addPrune(backup: Command, act: ActionMaker): void {
  backup
    .command('prune')
    .description('remove the snapshots that backup.retention does not keep')
    .option('--dry-run', 'print what would stay and what would go, and why')
    .option('--keep-last <n>', 'so many of the newest', parseCount)
    .option('--keep-hourly <n>', 'one of each hour, for so many hours that have one', parseCount)
    .option('--keep-daily <n>', 'one of each day', parseCount)
    .option('--keep-weekly <n>', 'one of each week', parseCount)
    .option('--keep-monthly <n>', 'one of each month', parseCount)
    .option('--keep-yearly <n>', 'one of each year', parseCount)
    .option('--keep-within <age>', 'all that are younger, for example 30d, 2w or 1y6m (m is months)')
    .option('--keep-name <glob>', 'all of that name')
    .option('--keep-label <key=value>', 'all with that label; may be repeated', collectLabels)
    .option('--name <glob>', 'count and remove only those of that name')
    .option('--label <key=value>', 'count and remove only those with that label; may be repeated', collectLabels)
    .option('--allow-shrink', 'go on although snapshots, or what the newest one holds, have become far fewer')
    .action(
      act<PruneOptions>(async (surface, _, options) =>
        (await import('./commands/backup-prune.ts')).backupPrune(surface, options),
      ),
    )
    .addHelpText(
      'after',
      `
Any --keep option replaces all rules of backup.retention.
${examples([
  'angee stack backup prune --dry-run',
  'angee stack backup prune --yes',
  'angee stack backup prune --keep-last 7 --keep-weekly 8 --dry-run',
  'angee stack backup prune --name "nightly-*" --keep-daily 14 --yes',
])}`,
    )
  backup
    .command('schedule')
    .description('list what the operator does on a schedule: when next, how it went, what is overdue')
    .action(act(async (surface) => (await import('./commands/backup-schedule.ts')).backupSchedule(surface)))
}
