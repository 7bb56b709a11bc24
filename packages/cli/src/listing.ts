import { type GlobalOptions, outputFormats } from './surface.ts'

/**
 * The options of a plain `stack backup ls`, or undefined when the words are anything else or need explaining. A list is
 * asked for often, by people who wait and by scripts: recognised here, it does without the parser, whose commands,
 * suggestions and help cost more than the list itself. The parser understands these words in the same way.
 */
export function listingOptions(argv: readonly string[]): GlobalOptions | undefined {
  const [stack, backup, ls, ...rest] = argv
  if (stack !== 'stack' || backup !== 'backup' || ls !== 'ls') return undefined
  const options: GlobalOptions = { color: true }
  for (const [index, word] of rest.entries()) {
    const before = rest[index - 1]
    if (before === '--root') options.root = word
    else if (before === '-o' || before === '--output') {
      const format = outputFormats.find((one) => one === word)
      if (format === undefined) return undefined
      options.output = format
    } else if (word === '--json') options.json = true
    else if (word === '-q' || word === '--quiet') options.quiet = true
    else if (word === '--no-color') options.color = false
    else if (!takesValue(word)) return undefined
  }
  return takesValue(rest.at(-1)) ? undefined : options
}

function takesValue(word: string | undefined): boolean {
  return word === '--root' || word === '-o' || word === '--output'
}
