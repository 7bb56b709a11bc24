import { z } from 'zod'

const scalar = z.union([z.string(), z.number(), z.boolean()])

export const questionSchema = z.strictObject({
  type: z.string().optional(),
  help: z.string().nullish(),
  default: z.unknown().optional(),
  choices: z.union([z.string(), z.array(z.unknown()), z.record(z.string(), z.unknown())]).optional(),
  multiselect: z.boolean().optional(),
  validator: z.string().nullish(),
  when: z.union([z.boolean(), z.string()]).optional(),
  secret: z.boolean().optional(),
  required: z.boolean().optional(),
  // About asking a person, which does not happen here.
  placeholder: z.unknown().optional(),
  qmark: z.unknown().optional(),
  multiline: z.unknown().optional(),
  use_shortcuts: z.unknown().optional(),
})

const delimiter = z.string().min(1).optional()

export const settingsSchema = z.looseObject({
  _subdirectory: z.string().optional(),
  _templates_suffix: z.string().nullish(),
  _exclude: z.array(z.string()).nullish(),
  _skip_if_exists: z.array(z.string()).nullish(),
  _answers_file: z.string().optional(),
  _preserve_symlinks: z.boolean().optional(),
  _min_copier_version: scalar.optional(),
  _message_after_copy: z.string().nullish(),
  _jinja_extensions: z.array(z.unknown()).nullish(),
  _tasks: z.array(z.unknown()).nullish(),
  _migrations: z.array(z.unknown()).nullish(),
  _secret_questions: z.array(z.string()).nullish(),
  _envops: z
    .looseObject({
      block_start_string: delimiter,
      block_end_string: delimiter,
      variable_start_string: delimiter,
      variable_end_string: delimiter,
      comment_start_string: delimiter,
      comment_end_string: delimiter,
      keep_trailing_newline: z.boolean().optional(),
      trim_blocks: z.boolean().optional(),
      lstrip_blocks: z.boolean().optional(),
      undefined: z.string().optional(),
    })
    .optional(),
})

export const angeeSchema = z.looseObject({
  kind: z.string().min(1),
  name: z.string().optional(),
  description: z.string().optional(),
  inputs: z.record(z.string(), z.looseObject({}).nullable()).nullish(),
  instance_naming: z
    .looseObject({ pattern: z.string(), fallback: z.string().optional(), max_length: z.int().min(1).optional() })
    .optional(),
  chain_root: z.string().optional(),
  chain: z
    .array(
      z.looseObject({
        template: z.string().min(1),
        root: z.string().optional(),
        inputs: z.record(z.string(), z.unknown()).nullish(),
      }),
    )
    .nullish(),
  persist: z.record(z.string(), z.strictObject({ subpath: z.string().min(1), scope: z.string().optional() })).nullish(),
  persist_paths: z.array(z.string().min(1)).nullish(),
  ensure: z.record(z.string(), z.looseObject({ range: z.union([z.string(), z.number()]).optional() })).nullish(),
  sources: z.record(z.string(), z.looseObject({ subpath: z.string().optional() }).nullable()).nullish(),
  include_root: z.string().optional(),
})

export type QuestionDeclaration = z.output<typeof questionSchema>
export type SettingsDeclaration = z.output<typeof settingsSchema>
export type AngeeDeclaration = z.output<typeof angeeSchema>

/** Settings of Copier that are known and need nothing from us. */
export const quietSettings = [
  '_angee',
  '_message_before_copy',
  '_message_before_update',
  '_message_after_update',
  '_external_data',
  ...Object.keys(settingsSchema.shape),
]
