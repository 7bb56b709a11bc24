const plain = /^[\u0020-\u007e\u00a0-\u02ff]*$/
/** Where double-width characters begin. Some after it are narrow: counting too much only cuts earlier. */
const firstWide = 0x1100
/** Symbols of our own that every terminal shows in one column. */
const narrow = (code: number): boolean => code < firstWide || (code >= 0x2010 && code <= 0x28ff)

/** Whether every character of text takes one column. */
export function isPlain(text: string): boolean {
  return plain.test(text)
}

/** Columns that text takes on a terminal. Text must hold no control characters. */
export function widthOf(text: string): number {
  if (isPlain(text)) return text.length
  let width = 0
  for (const character of text) width += narrow(character.codePointAt(0) ?? 0) ? 1 : 2
  return width
}

/** `text` cut to at most `columns`, with `ellipsis` at the end when something was cut. */
export function fit(text: string, columns: number, ellipsis = '…'): string {
  if (widthOf(text) <= columns) return text
  if (columns < 1) return ''
  let kept = ''
  let width = 0
  for (const character of text) {
    width += widthOf(character)
    if (width > columns - widthOf(ellipsis)) break
    kept += character
  }
  return kept + ellipsis
}

/** `text` filled with spaces to `columns`; longer text is left as it is. */
export function pad(text: string, columns: number, side: 'left' | 'right' = 'left'): string {
  const fill = ' '.repeat(Math.max(0, columns - widthOf(text)))
  return side === 'left' ? text + fill : fill + text
}
