import { AngeeError, didYouMean, registerSecret } from '@angee/core'
import type { Jinja } from '../jinja/index.ts'
import type { Question, Template } from '../template/index.ts'
import { defaultAnswer, givenAnswer, isAsked, type Outcome, type RenderText, unset, verdict } from './answer.ts'

/** What the template is rendered with. */
export interface Answers {
  /** Every value, by the name of its question. */
  values: Readonly<Record<string, unknown>>
  /** What was asked and is no secret: what may be written down. */
  recorded: Readonly<Record<string, unknown>>
}

export interface AnswerOptions {
  /** By name; text is read in the type of its question. */
  given: Readonly<Record<string, unknown>>
  /** What templates may use besides. */
  variables: Readonly<Record<string, unknown>>
}

/**
 * The answers to all questions of a template: what was given, else the defaults, which may refer to answers before them.
 * INPUT_INVALID names everything that is missing, unknown or wrong at once. TEMPLATE_INVALID.
 */
export function resolveAnswers(template: Template, jinja: Jinja, { given, variables }: AnswerOptions): Answers {
  const values: Record<string, unknown> = {}
  const asked = new Set<string>()
  const problems = unknownInputs(template, given)
  const render: RenderText = (text, what) => {
    const label = `${template.label}/copier.yml, ${what}`
    // A text is no file: its place only says where its includes start from.
    const key = `${template.directory}/copier.yml#${encodeURIComponent(`${what} ${text}`)}`
    return jinja.render({ key, label, text }, { ...variables, UNSET: unset, ...values })
  }
  for (const question of template.questions) {
    const { name } = question
    const attempt = attemptOf(question, given, render, problems.length > 0)
    if (attempt.isAsked) asked.add(name)
    if (attempt.outcome === undefined) {
      if (attempt.isAsked) problems.push(missing(question))
      continue
    }
    if ('wrong' in attempt.outcome) problems.push(`input "${name}": ${attempt.outcome.wrong}`)
    else values[name] = attempt.outcome.value
    if (question.required && attempt.isAsked && values[name] === '') problems.push(missing(question))
    if (question.secret && typeof values[name] === 'string') registerSecret(values[name])
  }
  // Checks see all answers, and what they say of wrong ones would only confuse.
  if (problems.length === 0) {
    for (const question of template.questions.filter(({ name }) => asked.has(name) && name in values)) {
      const said = verdict(question, values[question.name], render)
      if (said !== undefined) problems.push(`input "${question.name}": ${said}`)
    }
  }
  if (problems.length > 0) throw invalid(template, problems)
  const recorded = template.questions.filter(({ name, secret }) => asked.has(name) && !secret && name in values)
  return { values, recorded: Object.fromEntries(recorded.map(({ name }) => [name, values[name]])) }
}

interface Attempt {
  isAsked: boolean
  outcome: Outcome | undefined
}

function attemptOf(
  question: Question,
  given: Readonly<Record<string, unknown>>,
  render: RenderText,
  isWrongAlready: boolean,
): Attempt {
  try {
    if (Object.hasOwn(given, question.name))
      return { isAsked: true, outcome: givenAnswer(question, given[question.name], render) }
    const asked = isAsked(question, render)
    const outcome = defaultAnswer(question, asked, render)
    // Declared by `_angee` alone and not required: it may stay without a value.
    return { isAsked: asked && (outcome !== undefined || !isOptional(question)), outcome }
  } catch (error) {
    // What follows from a missing or wrong answer is not worth a word.
    if (isWrongAlready) return { isAsked: false, outcome: undefined }
    throw error
  }
}

function isOptional({ isInput, required }: Question): boolean {
  return isInput && !required
}

function unknownInputs({ questions }: Template, given: Readonly<Record<string, unknown>>): string[] {
  const names = questions.map(({ name }) => name)
  return Object.keys(given)
    .filter((name) => !names.includes(name))
    .map((name) => `unknown input "${name}". ${didYouMean(name, names)}`.trim())
}

function missing({ name, help }: Question): string {
  return `missing input "${name}"${help === undefined ? '' : ` (${help.trim().split('\n')[0]})`}`
}

function invalid({ label, questions }: Template, problems: readonly string[]): AngeeError {
  const names = questions.map(({ name }) => name)
  const list = names.length === 0 ? 'The template takes no inputs.' : `It takes: ${names.join(', ')}.`
  const message =
    problems.length === 1 ? `${label}: ${problems[0]}` : `${label}:\n${problems.map((one) => `  ${one}`).join('\n')}`
  return new AngeeError('INPUT_INVALID', message, {
    hint: `Give inputs as --input NAME=VALUE. ${list}`,
    context: { template: label, problems },
  })
}
