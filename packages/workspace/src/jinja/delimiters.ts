/** How a template marks what is Jinja in it. */
export interface Delimiters {
  blockStart: string
  blockEnd: string
  variableStart: string
  variableEnd: string
  commentStart: string
  commentEnd: string
}

/** Those of Jinja itself, and the only ones the engine knows: others are translated into them. */
export const standardDelimiters: Delimiters = {
  blockStart: '{%',
  blockEnd: '%}',
  variableStart: '{{',
  variableEnd: '}}',
  commentStart: '{#',
  commentEnd: '#}',
}

/** What a template may set about Jinja itself (`_envops`). */
export interface JinjaSettings {
  delimiters: Delimiters
  keepTrailingNewline: boolean
  trimBlocks: boolean
  lstripBlocks: boolean
  undefined: 'lenient' | 'strict' | 'chainable'
}

/** What Copier has when a template says nothing. */
export const defaultSettings: JinjaSettings = {
  delimiters: standardDelimiters,
  keepTrailingNewline: true,
  trimBlocks: false,
  lstripBlocks: false,
  undefined: 'lenient',
}
