import { checked } from './check.ts'
import type { ConfigFile } from './config-file.ts'
import { invalidAtKey, type KeyPath } from './document.ts'
import type { Choice, Question } from './model.ts'
import { type AngeeDeclaration, type QuestionDeclaration, questionSchema } from './schema.ts'

/**
 * What the template asks, in order: inputs that `_angee` alone declares, then the questions of `copier.yml`. Where both
 * declare one, the question completes the input. TEMPLATE_INVALID.
 */
export function questionsOf(
  config: ConfigFile,
  inputs: AngeeDeclaration['inputs'],
  secrets: readonly string[],
): Question[] {
  const asked = Object.entries(config.values).filter(([name]) => !name.startsWith('_'))
  const declared = Object.entries(inputs ?? {})
  const questions = new Map<string, Question>()
  for (const [name, input] of declared)
    questions.set(name, {
      ...toQuestion(name, knownKeys(input ?? {}), ['_angee', 'inputs', name], config),
      isInput: true,
    })
  const fromAngee = new Set(questions.keys())
  for (const [name, value] of asked) {
    const question = toQuestion(name, value, [name], config)
    const input = questions.get(name)
    // Its place among the questions counts: their defaults may refer to what is asked before them.
    questions.delete(name)
    questions.set(name, input && fromAngee.has(name) ? combined(input, question) : question)
  }
  return [...questions.values()].map((question) => ({
    ...question,
    secret: question.secret || secrets.includes(question.name),
  }))
}

/** `_angee` is read by other tools too, and may tell them more. */
function knownKeys(input: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(input).filter(([key]) => key in questionSchema.shape))
}

function combined(input: Question, question: Question): Question {
  return {
    ...question,
    type: question.type === '' ? input.type : question.type,
    help: question.help ?? input.help,
    default: question.default === undefined ? input.default : question.default,
    required: question.required || input.required,
    choices: question.choices ?? input.choices,
    validator: question.validator ?? input.validator,
    secret: question.secret || input.secret,
  }
}

function toQuestion(name: string, value: unknown, path: KeyPath, config: ConfigFile): Question {
  if (!/^[A-Za-z_]\w*$/.test(name)) {
    throw invalidAtKey(config.files, path, `"${name}" cannot be the name of a question`, 'Use letters, digits and "_".')
  }
  const isBlock = typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
  const declared: QuestionDeclaration = isBlock ? checked(questionSchema, value, path, config) : shorthand(value)
  return {
    name,
    type: typeOf(declared, path, config),
    help: declared.help ?? undefined,
    default: value === null ? undefined : (declared.default ?? undefined),
    required: declared.required === true,
    choices: choicesOf(declared.choices),
    multiselect: declared.multiselect === true,
    validator: declared.validator ?? undefined,
    when: declared.when ?? true,
    secret: declared.secret === true,
    isInput: false,
  }
}

function shorthand(value: unknown): QuestionDeclaration {
  return { default: value }
}

/** Names that collections use for the same types. */
const otherNames: Record<string, string> = {
  string: 'str',
  integer: 'int',
  number: 'float',
  boolean: 'bool',
  text: 'str',
}
const types = ['str', 'int', 'float', 'bool', 'yaml', 'json', 'path']

/** Without a type, the default says it. Empty: nothing says it. */
function typeOf(
  { type, default: value, multiselect }: QuestionDeclaration,
  path: KeyPath,
  { files }: ConfigFile,
): string {
  if (type !== undefined) {
    const known = otherNames[type] ?? type
    if (types.includes(known) || known.includes('{')) return known
    const hint = `Types: ${types.join(', ')}.`
    throw invalidAtKey(files, [...path, 'type'], `${path.join('.')}: "${type}" is no type`, hint)
  }
  if (multiselect === true) return 'yaml'
  if (typeof value === 'string') return 'str'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float'
  return value === undefined || value === null ? '' : 'yaml'
}

export function choicesOf(declared: QuestionDeclaration['choices']): Question['choices'] {
  if (declared === undefined || typeof declared === 'string') return declared
  if (Array.isArray(declared)) {
    return declared.map((item) =>
      Array.isArray(item) && item.length === 2 ? toChoice(String(item[0]), item[1]) : toChoice(String(item), item),
    )
  }
  return Object.entries(declared).map(([label, value]) => toChoice(label, value))
}

function toChoice(label: string, given: unknown): Choice {
  const isExtended = typeof given === 'object' && given !== null && 'value' in given
  const { value, validator } = isExtended ? (given as { value: unknown; validator?: string }) : { value: given }
  return { label, value: value ?? label, validator: validator ?? undefined }
}
