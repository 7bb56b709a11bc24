import { Document, isScalar, Scalar, visit } from 'yaml'

/** The first line of every file angee writes for process-compose. */
export const marker = '# written by angee from angee.yaml; edit that, this file is overwritten'

/** Whether angee wrote that text. */
export function isCompiled(text: string): boolean {
  return text.startsWith(`${marker}\n`)
}

/**
 * A value as YAML that means the same to everybody. process-compose substitutes in the text before it reads it as YAML:
 * it takes `$$`, `${…}`, and a backslash before another or before a slash for its own. So no dollar sign and no such
 * backslash stands in the text: double-quoted scalars have other ways to write both.
 */
export function compiledText(value: unknown): string {
  // Words like `no` are quoted: readers of older YAML take them for something else.
  const document = new Document(value, { compat: 'yaml-1.1' })
  visit(document, {
    Scalar(_, node) {
      if (isScalar(node) && typeof node.value === 'string' && /[$\\]/.test(node.value)) node.type = Scalar.QUOTE_DOUBLE
    },
  })
  const text = document.toString({ lineWidth: 0, doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER })
  // Backslashes stand in double-quoted scalars only, and there always as the first half of an escape.
  const safe = text.replace(/\\([\s\S])|\$/g, (all, escaped?: string) => {
    if (escaped === undefined) return '\\x24'
    return escaped === '\\' ? '\\x5c' : all
  })
  return `${marker}\n${safe}`
}
