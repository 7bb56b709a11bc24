/** Wraps text in the colour of what it means, or leaves it alone where colours are not wanted. */
export interface Style {
  bold(text: string): string
  dim(text: string): string
  good(text: string): string
  careful(text: string): string
  bad(text: string): string
}

/** Styles for a stream, `colored` or not. */
export function styleFor(colored: boolean): Style {
  const wrap =
    (open: number, close: number) =>
    (text: string): string =>
      colored ? `\u001b[${open}m${text}\u001b[${close}m` : text
  return { bold: wrap(1, 22), dim: wrap(2, 22), good: wrap(32, 39), careful: wrap(33, 39), bad: wrap(31, 39) }
}

/** Whether a stream gets colours: asked for by no one to be left out, and a terminal (https://no-color.org). */
export function wantsColor(isTerminal: boolean, colorOption: boolean, env: NodeJS.ProcessEnv): boolean {
  if (!colorOption || (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb') return false
  return isTerminal
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/
const everyControl = new RegExp(controls, 'g')

/**
 * Text from outside (labels, file names, an engine's words) made safe to show: what could move the cursor or recolour
 * the terminal is shown as \xNN.
 */
export function plainText(text: string): string {
  if (!controls.test(text)) return text
  return text.replaceAll(everyControl, (character) => {
    const code = character.charCodeAt(0)
    return code > 0xff ? `\\u${code.toString(16)}` : `\\x${code.toString(16).padStart(2, '0')}`
  })
}
