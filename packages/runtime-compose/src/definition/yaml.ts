import { Document, isScalar, Scalar, visit } from 'yaml'

/**
 * A document as YAML that every reader understands in the same way. Readers differ in what an unquoted word is (a number
 * with underscores, a date, an octal), so every text is quoted.
 */
export function yamlOf(value: unknown): string {
  const document = new Document(value, { aliasDuplicateObjects: false })
  visit(document, {
    Pair(_key, { key }) {
      if (isScalar(key) && !/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(String(key.value))) key.type = Scalar.QUOTE_DOUBLE
    },
  })
  return document.toString({ lineWidth: 0, defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN' })
}
