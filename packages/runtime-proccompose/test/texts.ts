/** Texts that a shell, YAML, a substitution or a template could take for something else. */
export const nastyTexts = [
  '',
  ' ',
  'plain',
  '$HOME ${HOME} ${X:-y} $$ $$$ $(id) `id`',
  "'single' \"double\" it's",
  '\\ \\\\ \\\\\\ \\n \\/ \\\\/ \\$ \\x24 end\\',
  'first\nsecond\n\n  third\n',
  'a long line with a backslash \\ and a break, long enough to be folded by those who fold\nand another \\\\ one $',
  ' # no comment; a=b: c, [d] {e} & *f | > %g @h ! ~ ',
  '{{.Name}} {{{ }}} {',
  'é→😀\u00a0\t\r\n',
  'null',
  'true',
  '0x10',
  '-',
  '? :',
  '##PC_ENV_ESCAPED##',
]

/**
 * Every character but NUL, which no environment can hold, and halves of pairs, which no file can; in pieces that are
 * short enough for a command line.
 */
export const everyCharacter = Array.from({ length: 16 }, (_, piece) =>
  Array.from({ length: 4096 }, (_, at) => piece * 4096 + at)
    .filter((code) => code > 0 && (code < 0xd800 || code > 0xdfff))
    .map((code) => String.fromCharCode(code))
    .join(''),
)
