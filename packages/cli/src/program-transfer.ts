import type { Command } from 'commander'
import { type ActionMaker, examples } from './command-tree.ts'
import type { CopyOptions } from './commands/backup-copy.ts'
import type { ExportOptions } from './commands/backup-export.ts'
import type { ImportOptions } from './commands/backup-import.ts'

const snapshotArgument = 'an id, the beginning of one, a name, or "latest"'
const backendOption = 'a name under backup.backends, "default", or a directory (./directory)'

/** `angee stack backup copy | export | import`. */
export function addTransfer(backup: Command, act: ActionMaker): void {
  backup
    .command('copy')
    .description('copy a snapshot to another backend, or home from one')
    .argument('<snapshot>', snapshotArgument)
    .option('--to <backend>', backendOption)
    .option('--from <backend>', 'where it lies; then --to is "default" unless given')
    .option('--plain', 'let what lies encrypted here lie open there')
    .action(
      act<CopyOptions>(async (surface, [snapshot = ''], options) =>
        (await import('./commands/backup-copy.ts')).backupCopy(surface, snapshot, options),
      ),
    )
    .addHelpText(
      'after',
      examples([
        'angee stack backup copy latest --to offsite',
        'angee stack backup copy latest --to /mnt/usb/backups',
        'angee stack backup copy 01J9Z3 --from offsite',
      ]),
    )
  backup
    .command('export')
    .description('write a snapshot into one file that tar and zstd can read')
    .argument('<snapshot>', snapshotArgument)
    .argument('<file>', 'the file to write; "-" is stdout')
    .option('--from <backend>', `where it lies: ${backendOption}`)
    .option('--plain', 'also one that lies encrypted: the file is not')
    .option('--force', 'replace the file when there is one')
    .action(
      act<ExportOptions>(async (surface, [snapshot = '', file = ''], options) =>
        (await import('./commands/backup-export.ts')).backupExport(surface, snapshot, file, options),
      ),
    )
    .addHelpText(
      'after',
      examples([
        'angee stack backup export latest shop.tar',
        'angee stack backup export before-upgrade - | ssh HOST "cat > shop.tar"',
      ]),
    )
  backup
    .command('import')
    .description('verify an exported file and store its snapshot')
    .argument('<file>', 'what "angee stack backup export" wrote')
    .option('--to <backend>', backendOption)
    .option('--dry-run', 'print what is in the file, and change nothing')
    .action(
      act<ImportOptions>(async (surface, [file = ''], options) =>
        (await import('./commands/backup-import.ts')).backupImport(surface, file, options),
      ),
    )
    .addHelpText(
      'after',
      examples(['angee stack backup import shop.tar --dry-run', 'angee stack backup import shop.tar']),
    )
}
