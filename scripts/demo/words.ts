import { styleText } from 'node:util'

/** Prints prose, wrapped to the terminal where there is one. */
export function say(text: string): void {
  console.log(wrap(text))
}

/** Prints what the next commands are about. */
export function title(text: string): void {
  console.log(`\n${styleText('bold', wrap(text))}`)
}

/** Prints a command as a person would type it. Not wrapped: it is to be copied. */
export function prompt(command: string): void {
  console.log(`\n${styleText('dim', '$')} ${styleText('cyan', command)}`)
}

function wrap(text: string): string {
  const columns = process.stdout.columns ?? Number.POSITIVE_INFINITY
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line].join('\n')
}
