import { parseYaml } from '../jinja/index.ts'
import type { QuestionType } from '../template/index.ts'

/** A value that is not of the type it should be. The message says what is expected. */
export class WrongType extends Error {}

/** A value given as text, or as what a caller has, in the type of its question. Throws {@link WrongType}. */
export function cast(value: unknown, type: QuestionType): unknown {
  if (type === 'str' || type === 'path') return asText(value)
  if (type === 'int') return asInt(value)
  if (type === 'float') return asFloat(value)
  if (type === 'bool') return asBool(value)
  if (typeof value !== 'string') return value
  return type === 'json' ? asJson(value) : asYaml(value)
}

/** Whether text means yes, as YAML and people write it; undefined when it means neither. */
export function truth(text: string): boolean | undefined {
  const word = text.trim().toLowerCase()
  if (['true', 'yes', 'on', 'y', '1'].includes(word)) return true
  if (['false', 'no', 'off', 'n', '0'].includes(word)) return false
  return undefined
}

function asText(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return String(value)
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  throw new WrongType('should be text')
}

function asInt(value: unknown): number {
  const number = typeof value === 'string' && /^[-+]?\d+$/.test(value.trim()) ? Number(value) : value
  if (typeof number === 'number' && Number.isSafeInteger(number)) return number
  throw new WrongType('should be a whole number')
}

function asFloat(value: unknown): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  if (typeof number === 'number' && Number.isFinite(number)) return number
  throw new WrongType('should be a number')
}

function asBool(value: unknown): boolean {
  if (typeof value === 'boolean') return value
  const found = truth(String(value))
  if (found !== undefined) return found
  throw new WrongType('should be true or false')
}

function asJson(value: string): unknown {
  try {
    return JSON.parse(value)
  } catch {
    throw new WrongType('should be JSON')
  }
}

function asYaml(value: string): unknown {
  try {
    return parseYaml(value)
  } catch {
    throw new WrongType('should be YAML')
  }
}
