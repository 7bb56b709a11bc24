import { isDeepStrictEqual } from 'node:util'
import { parseYaml } from '../jinja/index.ts'
import { choicesOf, type Question, type QuestionType } from '../template/index.ts'
import { cast, truth, WrongType } from './cast.ts'

/** Renders a text of `copier.yml`; `what` says which, for messages. */
export type RenderText = (text: string, what: string) => string

/** What a default renders when there is to be no value at all. */
export const unset = '\u0000unset\u0000'

/** An answer, or what is wrong with it, in words that follow the name of the input. */
export type Outcome = { value: unknown } | { wrong: string }

/** The answer that was given. */
export function givenAnswer(question: Question, given: unknown, render: RenderText): Outcome {
  const type = typeOf(question, render)
  try {
    const value = question.multiselect ? castAll(given, type) : cast(given, type)
    return within(question, value, render)
  } catch (error) {
    if (!(error instanceof WrongType)) throw error
    return { wrong: `${shown(given, question)} ${error.message} (${type})` }
  }
}

/** The answer that the template gives itself; undefined when it gives none. One that is not asked may be any. */
export function defaultAnswer(question: Question, asked: boolean, render: RenderText): Outcome | undefined {
  if (question.default === undefined) return undefined
  const rendered = renderAll(question.default, (text) => render(text, `default of ${question.name}`))
  if (typeof rendered === 'string' && rendered.includes(unset)) return undefined
  const type = typeOf(question, render)
  try {
    const value = question.multiselect ? castAll(rendered, type) : cast(rendered, type)
    return asked ? within(question, value, render) : { value }
  } catch (error) {
    if (!(error instanceof WrongType)) throw error
    return { wrong: `its default ${shown(rendered, question)} ${error.message} (${type})` }
  }
}

/** Whether the question is asked at all. */
export function isAsked({ when, name }: Question, render: RenderText): boolean {
  if (typeof when === 'boolean') return when
  const rendered = render(when, `when of ${name}`).trim()
  return rendered !== '' && rendered !== 'None' && truth(rendered) !== false
}

/** What the template's own check says of an answer; undefined when it is content. */
export function verdict(question: Question, value: unknown, render: RenderText): string | undefined {
  const own = question.validator && render(question.validator, `validator of ${question.name}`).trim()
  if (own) return own
  const choice = choices(question, render)?.find((one) => isDeepStrictEqual(one.value, value))
  const text = choice?.validator && render(choice.validator, `validator of a choice of ${question.name}`).trim()
  return text || undefined
}

/** The type, where the template works it out, too. */
export function typeOf({ type, name }: Question, render: RenderText): QuestionType {
  const found = type.includes('{') ? render(type, `type of ${name}`).trim() : type
  return (found === '' ? 'yaml' : found) as QuestionType
}

function within(question: Question, value: unknown, render: RenderText): Outcome {
  const allowed = choices(question, render)
  if (allowed === undefined) return { value }
  const values = question.multiselect && Array.isArray(value) ? value : [value]
  const stray = values.find((one) => !allowed.some((choice) => isDeepStrictEqual(choice.value, one)))
  if (stray === undefined) return { value }
  const list = allowed.map((choice) => JSON.stringify(choice.value)).join(', ')
  return { wrong: `${shown(stray, question)} is not one of ${list}` }
}

function choices(question: Question, render: RenderText): Exclude<Question['choices'], string> {
  const type = typeOf(question, render)
  const declared =
    typeof question.choices === 'string'
      ? choicesOf(parseYaml(render(question.choices, `choices of ${question.name}`)) as unknown[])
      : question.choices
  if (declared === undefined || typeof declared === 'string') return undefined
  return declared.map((choice) => ({
    ...choice,
    value: castChoice(
      renderAll(choice.value, (text) => render(text, `choices of ${question.name}`)),
      type,
    ),
  }))
}

function castChoice(value: unknown, type: QuestionType): unknown {
  try {
    return cast(value, type)
  } catch (error) {
    if (error instanceof WrongType) return value
    throw error
  }
}

function castAll(value: unknown, type: QuestionType): unknown[] {
  const list = typeof value === 'string' ? cast(value, 'yaml') : value
  if (!Array.isArray(list)) throw new WrongType('should be a list, as in [a, b]')
  return list.map((item) => cast(item, type))
}

/** Every string in a value rendered. */
export function renderAll(value: unknown, render: (text: string) => string): unknown {
  if (typeof value === 'string') return value.includes('{') || value.includes('[') ? render(value) : value
  if (Array.isArray(value)) return value.map((item) => renderAll(item, render))
  if (value instanceof Date) return value.toISOString().slice(0, 10)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, renderAll(inner, render)]))
}

function shown(value: unknown, { secret }: Question): string {
  return secret ? 'the value' : JSON.stringify(value)
}
