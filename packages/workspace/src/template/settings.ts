import { didYouMean } from '@angee/core'
import { defaultSettings, type JinjaSettings } from '../jinja/index.ts'
import { checked } from './check.ts'
import type { ConfigFile } from './config-file.ts'
import { invalidAtKey } from './document.ts'
import type { Settings } from './model.ts'
import { quietSettings, type SettingsDeclaration, settingsSchema } from './schema.ts'

export interface ReadSettings {
  settings: Settings
  secretQuestions: readonly string[]
  notes: string[]
}

/** The settings of `copier.yml`, and what of them is not done. TEMPLATE_INVALID. */
export function settingsOf(config: ConfigFile): ReadSettings {
  const declared = checked(settingsSchema, config.values, [], config)
  const settings: Settings = {
    subdirectory: declared._subdirectory ?? '',
    suffix: declared._templates_suffix ?? '.jinja',
    exclude: declared._exclude ?? undefined,
    skipIfExists: declared._skip_if_exists ?? [],
    answersFile: declared._answers_file ?? '.copier-answers.yml',
    preserveSymlinks: declared._preserve_symlinks === true,
    messageAfterCopy: declared._message_after_copy ?? undefined,
    jinja: jinjaSettings(declared._envops ?? {}, config),
  }
  return { settings, secretQuestions: declared._secret_questions ?? [], notes: notesOn(declared, config) }
}

/** Commands and code of a template are never run: rendering must not be able to do anything but write files. */
function notesOn(declared: SettingsDeclaration, { values }: ConfigFile): string[] {
  const counted = (items: unknown[] | null | undefined, what: string): string[] =>
    items && items.length > 0 ? [`${what} of the template are never run; it has ${items.length}`] : []
  const unknown = Object.keys(values).filter((key) => key.startsWith('_') && !quietSettings.includes(key))
  return [
    ...counted(declared._tasks, 'tasks (_tasks)'),
    ...counted(declared._migrations, 'migrations (_migrations)'),
    ...counted(declared._jinja_extensions, 'Jinja extensions (_jinja_extensions)'),
    ...unknown.map((key) =>
      `the setting ${key} is not known and does nothing. ${didYouMean(key, quietSettings)}`.trim(),
    ),
  ]
}

const undefinedKinds: Record<string, JinjaSettings['undefined']> = {
  Undefined: 'lenient',
  StrictUndefined: 'strict',
  ChainableUndefined: 'chainable',
  strict: 'strict',
}

function jinjaSettings(declared: NonNullable<SettingsDeclaration['_envops']>, { files }: ConfigFile): JinjaSettings {
  const standard = defaultSettings.delimiters
  const refuse = (key: string, message: string): never => {
    throw invalidAtKey(
      files,
      ['_envops', key],
      `_envops.${key} ${message}`,
      'Take it away, and write the templates without it.',
    )
  }
  for (const key of ['line_statement_prefix', 'line_comment_prefix'])
    if (declared[key] !== undefined && declared[key] !== null) refuse(key, 'is not supported')
  if (declared['autoescape'] === true) refuse('autoescape', 'is not supported: files are not web pages')
  const kind = declared.undefined?.split('.').at(-1) ?? 'Undefined'
  return {
    delimiters: {
      blockStart: declared.block_start_string ?? standard.blockStart,
      blockEnd: declared.block_end_string ?? standard.blockEnd,
      variableStart: declared.variable_start_string ?? standard.variableStart,
      variableEnd: declared.variable_end_string ?? standard.variableEnd,
      commentStart: declared.comment_start_string ?? standard.commentStart,
      commentEnd: declared.comment_end_string ?? standard.commentEnd,
    },
    keepTrailingNewline: declared.keep_trailing_newline ?? true,
    trimBlocks: declared.trim_blocks ?? false,
    lstripBlocks: declared.lstrip_blocks ?? false,
    undefined: undefinedKinds[kind] ?? refuse('undefined', `"${declared.undefined}" is not known`),
  }
}
